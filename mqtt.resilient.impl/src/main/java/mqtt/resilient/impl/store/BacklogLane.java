package mqtt.resilient.impl.store;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import mqtt.resilient.impl.session.Outgoing;

/**
 * The messages of a lane that were never sent: the oldest are in memory, the others only on the disk. On the io thread
 * only.
 */
final class BacklogLane {
    /** Bytes that are kept in memory. */
    private static final long WINDOW_BYTES = 1024 * 1024;

    final LaneQueue window = new LaneQueue();
    private long windowBytes;
    /** Messages that are on the disk only. */
    long diskMessages;
    long diskBytes;
    long latestIndex;
    /** The index up to which everything is, or was, in memory. */
    long loadedIndex;
    /** Whether more of the lane is being read from the disk. */
    boolean reading;
    /** Indexes that were removed from the disk's part since the present batch began, which may still read them. */
    final Set<Long> removed = new HashSet<>();

    /** Takes what a store held. */
    void restore(long messages, long bytes, long index) {
        diskMessages = messages;
        diskBytes = bytes;
        latestIndex = index;
    }

    long queued() {
        return window.size() + diskMessages;
    }

    /** Takes the latest message; false if it is kept on the disk only. */
    boolean append(Outgoing message) {
        boolean keeps = diskMessages == 0 && (windowBytes == 0 || windowBytes + message.size() <= WINDOW_BYTES);
        if (keeps) {
            keep(message);
        } else {
            diskMessages++;
            diskBytes += message.size();
        }
        return keeps;
    }

    private void keep(Outgoing message) {
        window.add(message);
        windowBytes += message.size();
        loadedIndex = message.index();
    }

    /** Whether more is to be read from the disk, where so many of the lane's messages are not yet written. */
    boolean wantsMore(int unwritten) {
        return diskMessages > unwritten && !reading && windowBytes < WINDOW_BYTES / 2;
    }

    /** Takes what was read. */
    void loaded(List<Outgoing> messages) {
        for (Outgoing message : messages) {
            if (isOnDisk(message)) {
                window.makeRoom(); // what may fail for want of heap comes first
                diskMessages--;
                diskBytes -= message.size();
                keep(message);
            }
            loadedIndex = Math.max(loadedIndex, message.index());
        }
    }

    /** Whether what a batch found is still on the disk only. */
    boolean isOnDisk(Outgoing message) {
        if (message.hasEnded()) {
            return false; // this call is repeated, after a shortage of heap
        }
        return message.index() > loadedIndex && !removed.contains(message.index());
    }

    /** The oldest one is being sent. */
    void sent(Outgoing message) {
        window.removeFirst();
        windowBytes -= message.size();
    }

    /** Takes a message out of the memory; false if it is not there. */
    boolean removeFromWindow(Outgoing message) {
        boolean there = window.remove(message.id()) != null;
        windowBytes -= there ? message.size() : 0;
        return there;
    }

    void removeFromDisk(Outgoing message) {
        removed.add(message.index()); // what may fail for want of heap comes first
        diskMessages--;
        diskBytes -= message.size();
        message.leaveQueue(); // nobody finds it any more, before its outcome is told as well
    }
}
