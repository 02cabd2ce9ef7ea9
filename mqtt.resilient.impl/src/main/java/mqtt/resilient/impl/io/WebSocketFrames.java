package mqtt.resilient.impl.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;

/**
 * The frames of an open WebSocket (RFC 6455 section 5): MQTT's bytes in binary messages, however they are cut
 * [MQTT-6.0.0-1, MQTT-6.0.0-2].
 */
final class WebSocketFrames {
    /** Room that a frame's header takes in front of its payload. */
    static final int HEADER_BYTES = 14;
    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int MAX_CONTROL_BYTES = 125;

    /** Takes what a WebSocket brings. */
    interface FrameReceiver {
        /** Bytes of MQTT. */
        void data(ByteBuffer bytes);

        /** A ping is to be answered with this frame. */
        void answer(byte[] frame);

        /** The peer closes. */
        void closing(String reason);
    }

    private final SecureRandom random;
    private final ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    /** What is left of the payload of the present frame; -1 = a header is being read. */
    private long left = -1;
    private int opcode;
    private ByteBuffer control;
    /** More fragments of the present message are to come. */
    private boolean fragmented;

    WebSocketFrames(SecureRandom random) {
        this.random = random;
    }

    /** Makes a frame of what is between {@link #HEADER_BYTES} and the position; the result is ready to be written. */
    ByteBuffer wrap(ByteBuffer filled) {
        int length = filled.position() - HEADER_BYTES;
        int start = HEADER_BYTES - (length < 126 ? 6 : length < 65_536 ? 8 : 14);
        filled.limit(filled.position()).position(start).put((byte) (0x80 | BINARY));
        if (length < 126) {
            filled.put((byte) (0x80 | length));
        } else if (length < 65_536) {
            filled.put((byte) (0x80 | 126)).putShort((short) length);
        } else {
            filled.put((byte) (0x80 | 127)).putLong(length);
        }
        int mask = random.nextInt();
        filled.putInt(mask);
        mask(filled, mask);
        return filled.position(start);
    }

    private static void mask(ByteBuffer bytes, int mask) {
        int at = bytes.position();
        for (; at + 4 <= bytes.limit(); at += 4) {
            bytes.putInt(at, bytes.getInt(at) ^ mask);
        }
        for (int shift = 24; at < bytes.limit(); at++, shift -= 8) {
            bytes.put(at, (byte) (bytes.get(at) ^ mask >>> shift));
        }
    }

    /** A frame with a small payload. */
    private byte[] frame(int newOpcode, ByteBuffer payload) {
        ByteBuffer frame = ByteBuffer.allocate(HEADER_BYTES + payload.remaining()).position(HEADER_BYTES).put(payload);
        wrap(frame);
        frame.put(frame.position(), (byte) (0x80 | newOpcode));
        byte[] bytes = new byte[frame.remaining()];
        frame.get(bytes);
        return bytes;
    }

    /** The frame that closes. */
    byte[] close() {
        return frame(CLOSE, ByteBuffer.allocate(2).putShort((short) 1000).flip());
    }

    /** A small message as a frame. */
    byte[] binary(byte[] bytes) {
        return frame(BINARY, ByteBuffer.wrap(bytes));
    }

    /** Takes bytes of the peer. */
    void unwrap(ByteBuffer in, FrameReceiver receiver) throws IOException {
        while (in.hasRemaining() || left == 0) {
            if (left < 0) {
                header.put(in.get());
                readHeader();
                continue;
            }
            int count = (int) Math.min(left, in.remaining());
            if (count > 0) {
                ByteBuffer data = in.slice(in.position(), count);
                in.position(in.position() + count);
                left -= count;
                if (opcode >= CLOSE) {
                    control.put(data);
                } else {
                    receiver.data(data);
                }
            }
            if (left == 0) {
                left = -1;
                if (opcode >= CLOSE) {
                    handle(control.flip(), receiver);
                }
            }
        }
    }

    private void readHeader() throws IOException {
        int length = header.position() < 2 ? 0 : header.get(1) & 127;
        if (header.position() < (length == 126 ? 4 : length == 127 ? 10 : 2)) {
            return;
        }
        int first = header.get(0) & 0xFF;
        boolean masked = header.get(1) < 0;
        opcode = first & 15;
        left = length == 126 ? header.getShort(2) & 0xFFFF : length == 127 ? header.getLong(2) : length;
        header.clear();
        requireAllowed(first, masked);
        boolean last = (first & 0x80) != 0;
        if (opcode >= CLOSE) {
            if (left > MAX_CONTROL_BYTES || !last) {
                throw new IOException("a WebSocket control frame of " + left + " bytes" + (last ? "" : " in fragments")
                        + " (RFC 6455 section 5.5)");
            }
            control = ByteBuffer.allocate((int) left);
        } else {
            if (opcode == CONTINUATION != fragmented) {
                throw new IOException("a WebSocket fragment out of order (RFC 6455 section 5.4)");
            }
            fragmented = !last;
        }
    }

    /** What a server may send to a client that has negotiated no extension. */
    private void requireAllowed(int first, boolean masked) throws IOException {
        if (masked || (first & 0x70) != 0 || left < 0) {
            throw new IOException("a WebSocket frame that is masked, compressed or too long (RFC 6455 section 5)");
        }
        if (opcode == TEXT) {
            throw new IOException("a WebSocket text frame; MQTT comes in binary frames [MQTT-6.0.0-1]");
        }
        if (opcode != CONTINUATION && opcode != BINARY && opcode != CLOSE && opcode != PING && opcode != PONG) {
            throw new IOException("a WebSocket frame with opcode " + opcode + " (RFC 6455 section 5.2)");
        }
    }

    private void handle(ByteBuffer message, FrameReceiver receiver) {
        if (opcode == PING) {
            receiver.answer(frame(PONG, message));
        } else if (opcode == CLOSE) {
            receiver.closing("the broker closed the WebSocket"
                    + (message.remaining() >= 2 ? " with code " + (message.getShort() & 0xFFFF) : ""));
        }
    }
}
