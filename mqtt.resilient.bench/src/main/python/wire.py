#!/usr/bin/env python3
"""A wire between two network devices that can be cut, delayed, lossy and slow: what tc netem does, where the kernel has
no netem. Runs in a network namespace of its own; carries whole Ethernet frames.

wire.py carry DEVICE_A DEVICE_B CONTROL   carries frames; obeys lines that are written to the FIFO CONTROL:
                                          "there|back|both delay MILLISECONDS", "... loss FRACTION",
                                          "... rate BYTES_PER_SECOND", "... clear"; there is from A to B
wire.py plain DEVICE                      has a device send whole frames with checksums, as a cable needs them
"""
import array
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import sys
import time

ETH_P_ALL = 3
FRAME_BYTES = 70000
QUEUE_BYTES = 300000
SIOCETHTOOL = 0x8946
# transmit checksums, scatter-gather, TCP segmentation, generic segmentation, generic receive, receive checksums
OFFLOADS = (0x17, 0x19, 0x1F, 0x24, 0x2C, 0x15)


def plain(device):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in OFFLOADS:
            value = array.array("B", struct.pack("II", command, 0))
            request = struct.pack("16sP16x", device.encode(), value.buffer_info()[0])
            try:
                fcntl.ioctl(control, SIOCETHTOOL, request)
            except OSError:
                pass  # this device has no such offload


class Way:
    def __init__(self, number):
        self.number = number
        self.clear()
        self.queue = []
        self.queued = 0
        self.count = 0

    def clear(self):
        self.delay = 0.0
        self.loss = 0.0
        self.rate = 0.0
        self.busy = 0.0

    def take(self, frame, now):
        if random.random() < self.loss or self.queued + len(frame) > QUEUE_BYTES:
            return
        self.busy = max(self.busy, now) + (len(frame) / self.rate if self.rate else 0.0)
        self.count += 1
        self.queued += len(frame)
        heapq.heappush(self.queue, (self.busy + self.delay, self.count, frame))

    def give(self, target, now):
        while self.queue and self.queue[0][0] <= now:
            frame = heapq.heappop(self.queue)[2]
            self.queued -= len(frame)
            try:
                target.send(frame)
            except OSError:
                pass  # the device is down: so is a cable


def obey(line, ways):
    words = line.split()
    for name, way in zip(("there", "back"), ways):
        if words[0] in (name, "both"):
            if words[1] == "clear":
                way.clear()
            else:
                setattr(way, words[1], float(words[2]) / (1000 if words[1] == "delay" else 1))


def carry(names, control):
    sockets = []
    for name in names:
        each = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        each.bind((name, 0))
        sockets.append(each)
    fifo = os.open(control, os.O_RDWR | os.O_NONBLOCK)
    ways = (Way(0), Way(1))
    print("ready", flush=True)
    while True:
        now = time.monotonic()
        due = [way.queue[0][0] for way in ways if way.queue]
        ready = select.select(sockets + [fifo], [], [], max(0.0, min(due) - now) if due else None)[0]
        now = time.monotonic()
        if fifo in ready:
            for line in os.read(fifo, 4096).decode().splitlines():
                obey(line, ways)
        for number, each in enumerate(sockets):
            if each in ready:
                try:
                    frame, address = each.recvfrom(FRAME_BYTES)
                except OSError:
                    continue  # it went down
                if address[2] != socket.PACKET_OUTGOING:
                    ways[number].take(frame, now)
            ways[number].give(sockets[1 - number], now)


if len(sys.argv) == 3 and sys.argv[1] == "plain":
    plain(sys.argv[2])
elif len(sys.argv) == 5 and sys.argv[1] == "carry":
    carry(sys.argv[2:4], sys.argv[4])
else:
    sys.exit(__doc__)
