package mqtt.resilient.impl.simulation;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import mqtt.resilient.impl.environment.FileSystem;

/**
 * What the store of one client gets from its threads and from the disk in one life of the process, so that it can be
 * said at any time how the store must be.
 */
final class StoreWatch implements FileSystem {
    private final FileSystem disk;
    private final Process process;
    /** When the task was handed over that has not come back, by the clock of the process; 0 = there is none. */
    private long askedAt;
    /** When the latest task came back. */
    private long answeredAt;
    private boolean failing;
    private String failure = "";

    StoreWatch(FileSystem disk, Process process) {
        this.disk = disk;
        this.process = process;
    }

    /** A task is handed over. */
    void asked() {
        askedAt = process.nanoTime();
    }

    /** A task begins. */
    void begins() {
        failing = false;
    }

    /** A task has come back. */
    void answered() {
        askedAt = 0;
        answeredAt = process.nanoTime();
        failure = failing ? failure : "";
    }

    /** Why the store cannot be well, for some time now; empty if it can. */
    String illness(long toleranceNanos) {
        long now = process.nanoTime();
        if (askedAt != 0 && now - askedAt > toleranceNanos) {
            return "it has not got an answer for " + (now - askedAt) / Timeline.SECOND + " s";
        }
        return askedAt == 0 && !failure.isEmpty() && now - answeredAt > Timeline.SECOND ? failure : "";
    }

    private interface Operation<T> {
        T run() throws IOException;
    }

    private <T> T run(Operation<T> operation) throws IOException {
        try {
            return operation.run();
        } catch (IOException e) {
            failing = true;
            failure = e.toString();
            throw e;
        }
    }

    @Override
    public byte[] read(String path) throws IOException {
        return run(() -> disk.read(path));
    }

    @Override
    public void write(String path, byte[] content) throws IOException {
        run(() -> {
            disk.write(path, content);
            return null;
        });
    }

    @Override
    public List<String> list(String directory) throws IOException {
        return run(() -> disk.list(directory));
    }

    @Override
    public void makeDirectory(String path) throws IOException {
        run(() -> {
            disk.makeDirectory(path);
            return null;
        });
    }

    @Override
    public StoredFile open(String path) throws IOException {
        return new Watched(run(() -> disk.open(path)));
    }

    @Override
    public StoredFile openToRead(String path) throws IOException {
        return new Watched(run(() -> disk.openToRead(path)));
    }

    @Override
    public void delete(String path) throws IOException {
        run(() -> {
            disk.delete(path);
            return null;
        });
    }

    @Override
    public void rename(String from, String to) throws IOException {
        run(() -> {
            disk.rename(from, to);
            return null;
        });
    }

    @Override
    public void forceDirectory(String path) throws IOException {
        run(() -> {
            disk.forceDirectory(path);
            return null;
        });
    }

    @Override
    public long usableBytes() throws IOException {
        return run(disk::usableBytes);
    }

    @Override
    public Closeable lock(String path) throws IOException {
        return run(() -> disk.lock(path));
    }

    /** An open file. */
    private final class Watched implements StoredFile {
        private final StoredFile file;

        Watched(StoredFile file) {
            this.file = file;
        }

        @Override
        public long size() throws IOException {
            return run(file::size);
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return run(() -> file.read(target, position));
        }

        @Override
        public void write(ByteBuffer bytes, long position) throws IOException {
            run(() -> {
                file.write(bytes, position);
                return null;
            });
        }

        @Override
        public void truncate(long size) throws IOException {
            run(() -> {
                file.truncate(size);
                return null;
            });
        }

        @Override
        public void force() throws IOException {
            run(() -> {
                file.force();
                return null;
            });
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
