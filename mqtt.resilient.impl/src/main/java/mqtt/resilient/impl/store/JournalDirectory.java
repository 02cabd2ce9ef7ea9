package mqtt.resilient.impl.store;

import java.io.Closeable;
import java.io.IOException;
import mqtt.resilient.impl.environment.FileSystem;
import mqtt.resilient.impl.environment.Scheduler;

/** The directory of a journal, which is locked while the journal is open. On the store's thread only. */
final class JournalDirectory {
    /** After so long without the directory it is made again: until then somebody may put it back. */
    private static final long AWAY_NANOS = 60_000_000_000L;

    private final FileSystem files;
    private final String path;
    private final Scheduler clock;
    private Closeable lock;
    /** Since when the directory is not there, by the monotonic clock; 0 = it is. */
    private long awaySince;

    JournalDirectory(FileSystem files, String path, Scheduler clock) {
        this.files = files;
        this.path = path;
        this.clock = clock;
    }

    /** Makes the directory if it is not there, and locks it. */
    void open() throws IOException {
        files.makeDirectory(path);
        lock = files.lock(path + "/lock");
    }

    boolean isLocked() {
        return lock != null;
    }

    void requireLock() throws IOException {
        if (lock == null) {
            throw new IOException(path + " is in use by somebody else");
        }
    }

    /** The directory was written to. */
    void written() {
        awaySince = 0;
    }

    /** Makes the directory again when it has been away for long; whether it did. */
    boolean makeAgainIfAway() throws IOException {
        long now = clock.nanoTime();
        if (lock != null && !files.list(path).isEmpty()) {
            awaySince = 0;
        } else if (awaySince == 0) {
            awaySince = now;
        } else if (now - awaySince > AWAY_NANOS) {
            close(); // until there is another lock nothing is written: somebody else may be quicker
            open();
            awaySince = 0;
            return true;
        }
        return false;
    }

    /** Gives up the lock. */
    void close() throws IOException {
        Closeable before = lock;
        lock = null;
        if (before != null) {
            before.close();
        }
    }
}
