package mqtt.resilient.impl.io;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileStore;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import mqtt.resilient.impl.environment.FileSystem;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.Log;

/**
 * The files below a directory of this machine. Messages are private: the files and directories that it makes can be
 * read and written by the user of this process alone, where the file system knows users (POSIX); elsewhere they inherit
 * the rights of their directory. A directory below the root that is there already and open to others becomes private
 * too; the root keeps its rights.
 */
public final class LocalFileSystem implements FileSystem {
    static {
        Handlers.prepare(Throwable.class, OverlappingFileLockException.class);
    }

    private static final Log LOG = Log.of(LocalFileSystem.class);
    /**
     * What systems say in English of a directory that their file system cannot force; what else goes wrong is a
     * failure.
     */
    private static final List<String> NOT_POSSIBLE = List.of("Invalid argument", "not supported", "not implemented",
            "Bad file descriptor");
    private static final Set<PosixFilePermission> OWNER = PosixFilePermissions.fromString("rwx------");
    private static final FileAttribute<?>[] PRIVATE_FILE = owner("rw-------");
    private static final FileAttribute<?>[] PRIVATE_DIRECTORY = owner("rwx------");

    /**
     * Channels that must stay open, by the name of the lock: the file has another name too (a hard link), under which
     * this process has locked it, and to close them would end that lock. One for each name at most, for the next one to
     * try takes it.
     */
    private static final Map<String, FileChannel> KEPT = new ConcurrentHashMap<>();

    /** Makes the names in a directory durable. */
    interface DirectoryForce {
        void force(Path directory) throws IOException;
    }

    private final Path root;
    /** The latest lock that was taken; null = none was. */
    private volatile HeldLock held;
    private final DirectoryForce directoryForce;
    /** Directories of which a warning was logged, which is logged once. */
    private final Set<Path> unforceable = ConcurrentHashMap.newKeySet();
    /** Directories that this process was able to force. */
    private final Set<Path> forced = ConcurrentHashMap.newKeySet();
    private final Set<Path> open = ConcurrentHashMap.newKeySet();
    /** The file store of the directory; looked up once, as that is slow. */
    private FileStore store;

    public LocalFileSystem(Path root) {
        this(root, LocalFileSystem::forceNames);
    }

    LocalFileSystem(Path root, DirectoryForce directoryForce) {
        this.root = root;
        this.directoryForce = directoryForce;
    }

    /** Whether somebody in this process has locked a file. */
    public static boolean isLocked(Path file) {
        return System.getProperty(lockName(file)) != null;
    }

    /**
     * The system property that stands for a lock of this process. Whoever opens and closes the file again ends the lock
     * of all of the process, also when he did not get it himself: so he must know before, whatever class loader he is
     * from.
     */
    private static String lockName(Path file) {
        Path directory = file.toAbsolutePath().getParent();
        try { // one name, whatever links lead to it
            directory = directory.toRealPath();
        } catch (IOException e) {
            directory = directory.normalize(); // it is not there: nobody has a lock in it
        }
        return "mqtt.resilient.lock:" + directory.resolve(file.getFileName());
    }

    private static FileAttribute<?>[] owner(String rights) {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(rights)) }
                : new FileAttribute<?>[0];
    }

    @Override
    public byte[] read(String path) throws IOException {
        try {
            return Files.readAllBytes(root.resolve(path));
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    @Override
    public void write(String path, byte[] content) throws IOException {
        makeDirectory("");
        String temporary = path + ".new";
        delete(temporary);
        try (StoredFile file = open(temporary)) {
            file.write(ByteBuffer.wrap(content), 0);
            file.force();
        }
        rename(temporary, path);
        forceDirectory("");
    }

    @Override
    public List<String> list(String directory) throws IOException {
        try (Stream<Path> paths = Files.list(root.resolve(directory))) {
            return paths.map(path -> path.getFileName().toString()).sorted().toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    @Override
    public void makeDirectory(String path) throws IOException {
        Path directory = root.resolve(path).toAbsolutePath();
        makeDirectory(directory);
        close(directory, !path.isEmpty());
    }

    private void makeDirectory(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            Path above = directory.getParent();
            if (above != null) {
                makeDirectory(above);
            }
            Files.createDirectory(directory, PRIVATE_DIRECTORY);
            if (above != null) {
                force(above);
            }
        }
    }

    /** Keeps other users out of a directory that is ours; of one that is not, it is said if they can do harm. */
    private void close(Path directory, boolean ours) throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(directory, PosixFileAttributeView.class);
        Set<PosixFilePermission> rights = view == null ? OWNER : view.readAttributes().permissions();
        boolean writable = rights.contains(PosixFilePermission.GROUP_WRITE)
                || rights.contains(PosixFilePermission.OTHERS_WRITE);
        if ((ours ? OWNER.containsAll(rights) : !writable) || !open.add(directory)) {
            return;
        }
        String text = PosixFilePermissions.toString(rights);
        if (!ours) {
            LOG.warn(
                    "{} can be written by other users ({}): they can take the store away; allow its owner alone to "
                            + "write",
                    directory, text);
            return;
        }
        try {
            view.setPermissions(OWNER);
            LOG.warn("{} was open to other users ({}), who could read messages; now it is open to its owner alone",
                    directory, text);
        } catch (IOException e) { // it is somebody else's
            LOG.warn(
                    "{} is open to other users ({}), who can read messages and keep the store from being opened; it "
                            + "stays so: {}",
                    directory, text, e.toString());
        }
    }

    @Override
    public StoredFile open(String path) throws IOException {
        return new LocalFile(root.resolve(path), StandardOpenOption.CREATE, StandardOpenOption.READ,
                StandardOpenOption.WRITE);
    }

    @Override
    public StoredFile openToRead(String path) throws IOException {
        return new LocalFile(root.resolve(path), StandardOpenOption.READ);
    }

    @Override
    public void delete(String path) throws IOException {
        Files.deleteIfExists(root.resolve(path));
    }

    @Override
    public void rename(String from, String to) throws IOException {
        Files.move(root.resolve(from), root.resolve(to), StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void forceDirectory(String path) throws IOException {
        force(root.resolve(path));
    }

    private void force(Path directory) throws IOException {
        try {
            directoryForce.force(directory);
            forced.add(directory);
        } catch (IOException e) {
            if (e instanceof AccessDeniedException ? forced.contains(directory) : !isNotPossible(e)) {
                throw e;
            }
            if (unforceable.add(directory)) {
                LOG.warn(
                        "{}: the file system cannot make the names of files durable ({}): after a power cut the latest "
                                + "files of the store may be missing; what is stored survives the end of the process",
                        directory, e.toString());
            }
        }
    }

    /** Whether a system says that it cannot force something, be it in its own language. */
    private static boolean isNotPossible(IOException error) {
        String reason = String.valueOf(error.getMessage());
        return NOT_POSSIBLE.stream().anyMatch(reason::contains) || reason.equals(reasonOfNoForce());
    }

    /** What this system says of a device that nobody can force; empty if it has none. */
    private static String reasonOfNoForce() {
        try (FileChannel device = FileChannel.open(Path.of("/dev/null"), StandardOpenOption.WRITE)) {
            device.force(true);
            return "";
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static void forceNames(Path directory) throws IOException {
        try (FileChannel folder = FileChannel.open(directory)) {
            folder.force(true);
        }
    }

    @Override
    public long usableBytes() throws IOException {
        if (store == null) {
            store = Files.getFileStore(root);
        }
        return store.getUsableSpace();
    }

    @Override
    public Closeable lock(String path) throws IOException {
        Path file = root.resolve(path);
        String name = lockName(file);
        if (System.getProperties().putIfAbsent(name, "") != null) {
            throw new IOException("in use by another client");
        }
        FileChannel channel = null;
        try {
            channel = KEPT.remove(name);
            if (channel == null) {
                channel = FileChannel.open(file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                        PRIVATE_FILE);
            }
            if (channel.tryLock() == null) {
                throw new IOException("in use by another process");
            }
            HeldLock taken = new HeldLock(name, channel);
            held = taken;
            return taken;
        } catch (OverlappingFileLockException e) {
            try {
                KEPT.put(name, channel);
            } finally {
                System.clearProperty(name);
            }
            throw new IOException("in use by another client", e);
        } catch (Throwable e) { // also for want of heap: nobody has the lock, and it can be tried again
            giveUp(name, channel);
            throw e;
        }
    }

    private static void giveUp(String name, FileChannel channel) throws IOException {
        try {
            if (channel != null) {
                channel.close();
            }
        } finally {
            System.clearProperty(name);
        }
    }

    /** A lock until it is given up, once: after that another client may have it. */
    private static final class HeldLock implements Closeable {
        private final String name;
        private final FileChannel channel;
        private boolean given;

        HeldLock(String name, FileChannel channel) {
            this.name = name;
            this.channel = channel;
        }

        @Override
        public synchronized void close() throws IOException {
            if (!given) {
                given = true;
                giveUp(name, channel);
            }
        }

        synchronized boolean isGiven() {
            return given;
        }
    }

    /** Whether a lock was taken here and given up. Safe from any thread. */
    public boolean hasGivenUpLock() {
        HeldLock now = held;
        return now != null && now.isGiven();
    }

    /**
     * Gives up the latest lock that was taken here, if its holder has not done that: he cannot any more, and writes
     * nothing more. Safe from any thread.
     */
    public void giveUpLock() {
        HeldLock now = held;
        try {
            if (now != null) {
                now.close();
            }
        } catch (IOException e) {
            LOG.warn("The file of a lock in {} was not closed: {}", root, e.toString());
        }
    }

    private static final class LocalFile implements StoredFile {
        private final FileChannel channel;

        LocalFile(Path path, OpenOption... options) throws IOException {
            channel = FileChannel.open(path, Set.of(options), PRIVATE_FILE);
        }

        @Override
        public long size() throws IOException {
            return channel.size();
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return channel.read(target, position);
        }

        @Override
        public void write(ByteBuffer bytes, long position) throws IOException {
            long at = position;
            while (bytes.hasRemaining()) {
                at += channel.write(bytes, at);
            }
        }

        @Override
        public void truncate(long length) throws IOException {
            channel.truncate(length);
        }

        @Override
        public void force() throws IOException {
            channel.force(false);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
