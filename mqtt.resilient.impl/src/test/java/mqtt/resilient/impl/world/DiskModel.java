package mqtt.resilient.impl.world;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import mqtt.resilient.impl.environment.FileSystem;

/**
 * A disk as bad as a real one is allowed to be. What was written is in the system's memory until it is forced, and a
 * power cut keeps any part of it, sector by sector and in any order; names that were made, replaced or deleted are
 * there or not until their directory is forced. It fails on demand: the next write, the next force, for lack of space,
 * or everything from a certain operation on, which is how a crash at that point looks to the program.
 */
public final class DiskModel implements FileSystem {
    private static final int SECTOR_BYTES = 512;

    /** The power is gone: no operation has any effect any more. */
    public static final class PowerCut extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** What a power cut leaves of what was not forced. */
    public interface Fate {
        /** Whether one unforced sector, or one unforced change of a directory, survives. */
        boolean survives();

        Fate NOTHING_SURVIVES = () -> false;
        Fate EVERYTHING_SURVIVES = () -> true;

        /** Each with even odds. */
        static Fate random(RandomGenerator random) {
            return random::nextBoolean;
        }
    }

    private static final class Content {
        private byte[] bytes = new byte[0];
        private int length;
        /** What a power cut cannot take. */
        private byte[] forced = new byte[0];
        private int forcedLength;
        /** The range outside of which both are the same. */
        private int dirtyFrom = Integer.MAX_VALUE;
        private int dirtyTo;
        /** A force has failed: the system takes the pages for clean, until all of this range is written once more. */
        private boolean doomed;
        private int lostFrom;
        private int lostTo;
        /** It was cut to a length, and not forced since. */
        private boolean shortened;

        Content copy() {
            Content copy = new Content();
            copy.bytes = bytes.clone();
            copy.length = length;
            copy.forced = forced.clone();
            copy.forcedLength = forcedLength;
            copy.dirtyFrom = dirtyFrom;
            copy.dirtyTo = dirtyTo;
            copy.doomed = doomed;
            copy.lostFrom = lostFrom;
            copy.lostTo = lostTo;
            copy.shortened = shortened;
            return copy;
        }

        /** The bytes as they are now. */
        byte[] content() {
            return Arrays.copyOf(bytes, length);
        }

        /** These bytes, on the disk. */
        Content set(byte[] content) {
            bytes = content.clone();
            length = content.length;
            forced = content.clone();
            forcedLength = length;
            dirtyFrom = Integer.MAX_VALUE;
            dirtyTo = 0;
            doomed = false;
            shortened = false;
            return this;
        }

        void write(ByteBuffer from, int position, int count) {
            if (position + count > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(position + count, 2 * bytes.length));
            }
            from.get(bytes, position, count);
            if (doomed && position <= lostFrom && position < length) {
                lostFrom = Math.max(lostFrom, position + count);
                doomed = lostFrom < lostTo;
            }
            dirtyFrom = Math.min(dirtyFrom, Math.min(position, length));
            length = Math.max(length, position + count);
            dirtyTo = Math.max(dirtyTo, position + count);
        }

        void truncate(int newLength) {
            length = newLength;
            dirtyTo = Math.min(dirtyTo, length);
            shortened = true;
        }

        void forceFailed() {
            lostFrom = doomed ? Math.min(lostFrom, dirtyFrom) : dirtyFrom;
            lostTo = length;
            doomed = true;
        }

        void force() {
            if (!doomed && shortened) {
                forcedLength = Math.min(forcedLength, length);
                shortened = false;
            }
            if (!doomed && dirtyFrom < dirtyTo) {
                if (forced.length < length) {
                    forced = Arrays.copyOf(forced, bytes.length);
                }
                System.arraycopy(bytes, dirtyFrom, forced, dirtyFrom, dirtyTo - dirtyFrom);
                forcedLength = length;
                dirtyFrom = Integer.MAX_VALUE;
                dirtyTo = 0;
            }
        }
    }

    /** A name that is made, replaced or (without content) deleted, and the name that goes with it in a rename. */
    private record Change(String name, Content content, String renamed) {
        void apply(Map<String, Content> to) {
            if (renamed != null) {
                to.remove(renamed);
            }
            if (content == null) {
                to.remove(name);
            } else {
                to.put(name, content);
            }
        }
    }

    private Map<String, Content> names = new TreeMap<>();
    private Map<String, Content> forcedNames = new TreeMap<>();
    private final List<Change> changes = new ArrayList<>();
    private final Set<String> directories = new HashSet<>();
    private final Set<String> locks = new HashSet<>();
    /** Every operation that changes something, in words. */
    public final List<String> trace = new ArrayList<>();
    private Consumer<String> tracer = trace::add;
    private boolean traced = true;
    /** Bytes that may still be written. */
    public long space = Long.MAX_VALUE;
    /** Reported as usable beyond {@link #space}; for the floor. */
    public long usable = Long.MAX_VALUE;
    private int operations;
    private int cutAt = Integer.MAX_VALUE;
    private int failForces;
    private int failWrites;
    private int failRenames;
    private int failReads;
    private Set<Operation> failing = Set.of();
    private String away;
    private Runnable whileForcing = () -> {};
    private Runnable afterRename = () -> {};
    private boolean dead;

    /** Has somebody else hear of every operation, or nobody. */
    public void traceTo(Consumer<String> newTracer, boolean on) {
        tracer = newTracer;
        traced = on;
    }

    /** The power goes at the operation of this number, counted from 1; it has no effect. */
    public DiskModel cutAt(int operation) {
        cutAt = operation;
        return this;
    }

    /** The number of operations so far that changed something. */
    public int operations() {
        return operations;
    }

    public boolean isDead() {
        return dead;
    }

    /** So many of the next forces fail, and lose what they should have kept. */
    public void failForces(int count) {
        failForces = count;
    }

    /** So many of the next writes fail. */
    public void failWrites(int count) {
        failWrites = count;
    }

    /** So many of the next renames fail. */
    public void failRenames(int count) {
        failRenames = count;
    }

    /** So many of the next reads fail. */
    public void failReads(int count) {
        failReads = count;
    }

    /** What a disk is asked for, as far as it can fail until further notice. */
    public enum Operation {
        OPEN, READ, LIST, WRITE, FORCE, RENAME, DELETE
    }

    /**
     * These operations fail from now on, as those of a process that is short of something; none = all succeed again.
     */
    public void fail(Operation... operations) {
        failing = Set.of(operations);
    }

    /** Whether an operation fails until further notice. */
    public boolean refuses(Operation operation) {
        return failing.contains(operation);
    }

    private void refuse(Operation operation) throws IOException {
        if (refuses(operation)) {
            throw new IOException("Too many open files");
        }
    }

    /** A directory is renamed; null = it has its name again. Files that are open are as they were. */
    public void takeAway(String directory) {
        away = directory;
    }

    private boolean isAway(String path) {
        return away != null && (path.equals(away) || path.startsWith(away + "/"));
    }

    private void requireThere(String path) throws IOException {
        if (isAway(path)) {
            throw new FileNotFoundException(path);
        }
    }

    /** What happens while the disk is busy with a force. */
    public void whileForcing(Runnable task) {
        whileForcing = task;
    }

    /** What happens after the next rename, before its caller goes on. */
    public void afterRename(Runnable task) {
        afterRename = task;
    }

    /** The same disk once more, as it is now. */
    public DiskModel copy() {
        DiskModel copy = new DiskModel();
        Map<Content, Content> contents = new IdentityHashMap<>();
        Function<Content, Content> copied = content -> content == null ? null
                : contents.computeIfAbsent(content, Content::copy);
        names.forEach((name, content) -> copy.names.put(name, copied.apply(content)));
        forcedNames.forEach((name, content) -> copy.forcedNames.put(name, copied.apply(content)));
        changes.forEach(change -> copy.changes.add(
                new Change(change.name, copied.apply(change.content), change.renamed)));
        copy.directories.addAll(directories);
        copy.space = space;
        copy.usable = usable;
        return copy;
    }

    /** Ends the process: locks are free, what was written stays in the system's memory. */
    public void kill() {
        locks.clear();
        dead = false;
        cutAt = Integer.MAX_VALUE;
    }

    /** Cuts the power, and gives it back. */
    public void cut(Fate fate) {
        Map<String, Content> after = new TreeMap<>(forcedNames);
        for (Change change : changes) {
            if (fate.survives()) {
                change.apply(after);
            }
        }
        Set<Content> torn = new HashSet<>();
        for (Content content : after.values()) {
            if (torn.add(content)) { // in the order of the names: the same fate has the same result
                tear(content, fate);
            }
        }
        names = after;
        forcedNames = new TreeMap<>(after);
        changes.clear();
        kill();
    }

    private static void tear(Content content, Fate fate) {
        boolean cut = content.shortened && content.length < content.forcedLength && fate.survives();
        byte[] left = Arrays.copyOf(content.forced, cut ? content.length : content.forcedLength);
        int forcedLength = content.forcedLength;
        byte old = (byte) (fate.survives() ? 0 : 0x5A); // what was on the disk before
        for (int at = Math.min(content.dirtyFrom, content.length) / SECTOR_BYTES
                * SECTOR_BYTES; at < content.length; at += SECTOR_BYTES) {
            int end = Math.min(at + SECTOR_BYTES, content.length);
            boolean changed = end > forcedLength
                    || !Arrays.equals(content.bytes, at, end, content.forced, at, end);
            if (changed && fate.survives()) {
                int torn = fate.survives() ? end : at + (end - at) / 2; // a sector can be half written
                int length = left.length;
                left = torn > length ? Arrays.copyOf(left, torn) : left;
                Arrays.fill(left, length, left.length, old);
                System.arraycopy(content.bytes, at, left, at, torn - at);
            }
        }
        content.set(left);
    }

    /** Flips one bit of what is on the disk. */
    public void flip(String name, long bit) {
        byte[] content = names.get(name).content();
        content[(int) (bit / 8)] ^= (byte) (1 << bit % 8);
        names.get(name).set(content);
    }

    /** Cuts a file short. */
    public void truncate(String name, int length) {
        names.get(name).set(Arrays.copyOf(names.get(name).bytes, length));
    }

    /** How much of a file is certain to survive a power cut, if nothing in it was written twice. */
    public int forcedLength(String name) {
        return names.get(name).forcedLength;
    }

    /** Puts a file there. */
    public void put(String name, byte[] bytes) {
        Content content = new Content().set(bytes);
        names.put(name, content);
        forcedNames.put(name, content);
    }

    /** The names of all files. */
    public List<String> files() {
        return List.copyOf(names.keySet());
    }

    /** The length of a file. */
    public int length(String name) {
        return names.get(name).length;
    }

    /** The bytes of all files. */
    public long used() {
        return names.values().stream().mapToLong(content -> content.length).sum();
    }

    /** The bytes of the files whose names begin like this. */
    public long used(String prefix) {
        long sum = 0;
        for (Map.Entry<String, Content> each : names.entrySet()) {
            sum += each.getKey().startsWith(prefix) ? each.getValue().length : 0;
        }
        return sum;
    }

    /** Takes a file away, as somebody with a shell would. */
    public void remove(String name) {
        names.remove(name);
        forcedNames.remove(name);
    }

    private void operation(String verb, String what) {
        if (dead || ++operations >= cutAt) {
            dead = true;
            throw new PowerCut();
        }
        if (traced) {
            tracer.accept(verb + " " + what);
        }
    }

    private void requirePower() {
        if (dead) {
            throw new PowerCut();
        }
    }

    @Override
    public byte[] read(String path) {
        requirePower();
        return names.containsKey(path) ? names.get(path).content() : null;
    }

    @Override
    public void write(String path, byte[] content) throws IOException {
        try (StoredFile file = open(path + ".new")) {
            file.write(ByteBuffer.wrap(content), 0);
            file.force();
        }
        rename(path + ".new", path);
        forceDirectory("");
    }

    @Override
    public List<String> list(String directory) throws IOException {
        requirePower();
        refuse(Operation.LIST);
        if (isAway(directory)) {
            return List.of();
        }
        return names.keySet().stream().filter(name -> name.startsWith(directory + "/"))
                .map(name -> name.substring(directory.length() + 1)).toList();
    }

    @Override
    public void makeDirectory(String path) throws IOException {
        requirePower();
        if (names.containsKey(path)) {
            throw new IOException(path + ": not a directory");
        }
        if (isAway(path)) {
            away = null; // another one, with nothing in it
            names.keySet().removeIf(name -> name.startsWith(path + "/"));
            forcedNames.keySet().removeIf(name -> name.startsWith(path + "/"));
        }
        directories.add(path);
    }

    @Override
    public StoredFile open(String path) throws IOException {
        refuse(Operation.OPEN);
        requireThere(path);
        if (!names.containsKey(path)) {
            operation("create", path);
            if (space <= 0) {
                throw new IOException("No space left on device");
            }
            change(new Change(path, new Content(), null));
        }
        requirePower();
        return new OpenFile(path, names.get(path));
    }

    @Override
    public StoredFile openToRead(String path) throws IOException {
        requirePower();
        refuse(Operation.OPEN);
        requireThere(path);
        if (!names.containsKey(path)) {
            throw new FileNotFoundException(path);
        }
        return new OpenFile(path, names.get(path));
    }

    @Override
    public void delete(String path) throws IOException {
        refuse(Operation.DELETE);
        if (!isAway(path) && names.containsKey(path)) {
            operation("delete", path);
            free(path);
            change(new Change(path, null, null));
        }
    }

    @Override
    public void rename(String from, String to) throws IOException {
        operation("rename", from + " to " + to);
        refuse(Operation.RENAME);
        requireThere(from);
        if (failRenames > 0) {
            failRenames--;
            throw new IOException("rename failed");
        }
        if (!names.containsKey(from)) {
            throw new FileNotFoundException(from);
        }
        free(to);
        change(new Change(to, names.get(from), from));
        Runnable after = afterRename;
        afterRename = () -> {};
        after.run();
    }

    private void free(String path) {
        if (names.containsKey(path) && space != Long.MAX_VALUE) {
            space += names.get(path).length;
        }
    }

    private void change(Change change) {
        changes.add(change);
        change.apply(names);
    }

    @Override
    public void forceDirectory(String path) throws IOException {
        operation("force directory", path);
        requireThere(path);
        changes.forEach(change -> change.apply(forcedNames));
        changes.clear();
    }

    @Override
    public long usableBytes() {
        requirePower();
        return Math.min(space, usable);
    }

    @Override
    public Closeable lock(String path) throws IOException {
        requirePower();
        if (!locks.add(path)) {
            throw new IOException("in use by another client");
        }
        return () -> locks.remove(path);
    }

    private final class OpenFile implements StoredFile {
        private final String name;
        private final Content content;

        OpenFile(String name, Content content) {
            this.name = name;
            this.content = content;
        }

        @Override
        public long size() {
            requirePower();
            return content.length;
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            requirePower();
            refuse(Operation.READ);
            if (failReads > 0) {
                failReads--;
                throw new IOException("read failed");
            }
            if (position >= content.length) {
                return -1;
            }
            int count = Math.min(target.remaining(), content.length - (int) position);
            target.put(content.bytes, (int) position, count);
            return count;
        }

        @Override
        public void write(ByteBuffer bytes, long position) throws IOException {
            operation("write", traced ? name + " " + position + "+" + bytes.remaining() : name);
            refuse(Operation.WRITE);
            if (failWrites > 0) {
                failWrites--;
                throw new IOException("write failed");
            }
            int wanted = bytes.remaining();
            int more = (int) Math.max(0, position + wanted - content.length);
            int length = more > space ? (int) Math.max(0, wanted - (more - space)) : wanted; // a short write
            space -= space == Long.MAX_VALUE ? 0 : Math.max(0, position + length - content.length);
            content.write(bytes, (int) position, length);
            if (length < wanted) {
                throw new IOException("No space left on device");
            }
        }

        @Override
        public void truncate(long length) {
            operation("truncate", name);
            if (length < content.length) {
                space += space == Long.MAX_VALUE ? 0 : content.length - length;
                content.truncate((int) length);
            }
        }

        @Override
        public void force() throws IOException {
            operation("force", name);
            whileForcing.run();
            if (failForces > 0 || failing.contains(Operation.FORCE)) {
                failForces = Math.max(0, failForces - 1);
                content.forceFailed();
                throw new IOException("force failed"); // and the next one will succeed, without the data
            }
            content.force();
        }

        @Override
        public void close() {
            // the model has no descriptors
        }
    }

    @Override
    public String toString() {
        Map<String, Integer> lengths = new LinkedHashMap<>();
        names.forEach((name, content) -> lengths.put(name, content.length));
        return lengths.toString();
    }
}
