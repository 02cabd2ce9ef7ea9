package mqtt.resilient.impl.store;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.zip.CRC32C;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.environment.FileSystem.StoredFile;
import mqtt.resilient.impl.fuzz.Target;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.StoredState;
import mqtt.resilient.impl.world.Bytes;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.VirtualScheduler;

/**
 * The reading side of the store, for the fuzzer: a journal on any disk opens or refuses with an IOException, gives as
 * many messages as it counts, and goes on: what is stored next is there when it is opened again.
 */
public final class StoreTargets {
    private static final String DIRECTORY = "store";
    private static final String[] CHAINS = { "lane0", "lane1", "lane2", "lane3", "session", "aside" };
    private static final int SEGMENT_BYTES = 65_536;
    private static final UUID STORE = new UUID(1, 2);
    private static final VirtualScheduler CLOCK = new VirtualScheduler();

    private StoreTargets() {
    }

    /** All of them. */
    public static List<Target> all() {
        return List.of(new Disks(), new RecordsOnly());
    }

    /** A store as clients leave it: messages in all lanes, some of them under way or at their end. */
    private static DiskModel store(int variant) {
        StoreRig rig = new StoreRig(new DiskModel());
        rig.durability = variant == 1 ? Durability.PROCESS : Durability.POWER;
        rig.segmentBytes = variant == 2 ? 256 : SEGMENT_BYTES;
        rig.open();
        rig.session("broker/client");
        rig.subscribed("a/#", 1);
        rig.received(7, 70);
        for (int i = 0; i < 4; i++) {
            rig.publish(i, i % 3, 20 + 30 * i, i == 2 ? Duration.ofHours(1) : null);
            rig.publish(1, 2, 30);
            rig.run();
        }
        rig.publish(3, 1, variant == 3 ? 5 * Segment.BLOCK_BYTES : 10); // more than a reader has in memory
        rig.run();
        List<Outgoing> sent = rig.sendAll(1).stream()
                .filter(message -> message.message().qos() == Qos.EXACTLY_ONCE).toList();
        sent.forEach(message -> rig.assign(message, (int) message.id()));
        rig.run();
        rig.release(sent.get(0));
        rig.end(sent.get(1));
        rig.run();
        if (variant == 1) {
            rig.close();
        }
        return rig.disk;
    }

    // ---- the rules ------------------------------------------------------------------------------------------------

    private static Journal journal(DiskModel disk) {
        Journal journal = new Journal(disk, DIRECTORY, CLOCK);
        journal.configure(Durability.POWER.name(), SEGMENT_BYTES);
        return journal;
    }

    private static void decode(DiskModel disk) {
        try {
            new StoreDump(disk, DIRECTORY, line -> {}).run(true);
            journal(disk).open("boot");
        } catch (IOException e) {
            return; // a refusal
        }
    }

    private static String check(DiskModel disk) {
        Journal journal = journal(disk);
        StoredState first;
        try {
            first = journal.open("boot");
        } catch (IOException e) {
            return "refused: " + e.getMessage();
        }
        require(first.recordsSkipped >= 0 && first.segmentsQuarantined >= 0, "damage is counted");
        Set<Integer> packetIds = new HashSet<>();
        for (Outgoing message : first.inFlight) {
            require(message.message().qos() == Qos.EXACTLY_ONCE, "what is under way has QoS 2");
            require(message.packetId() > 0 && packetIds.add(message.packetId()), "packet ids are ids, each its own");
        }
        first.received.keySet().forEach(id -> require(id > 0 && id < 65_536, "packet ids of the broker are ids"));
        first.subscriptions.values()
                .forEach(options -> require(options >= 0 && (options & 3) <= 2, "a subscription has a QoS"));
        require(ids(all(journal, first)).equals(ids(all(journal, first))), "what is read twice is the same");
        Message message = Message.to("new").payload("payload").build();
        int lane = message.lane();
        if (Math.max(first.lastId, first.latestIndex[lane]) >= Records.END - 1) {
            return "no numbers are left"; // nobody gets there by counting
        }
        Batch batch = new Batch();
        batch.add(new Outgoing(first.lastId + 1, first.latestIndex[lane] + 1, message, CLOCK.nanoTime()));
        batch.force = true;
        journal.run(batch);
        require(!batch.failed, "a new message is stored: " + batch.error);
        require(journal.close(true) == null, "it closes");
        String seen = describe(first);
        long[] before = first.messages.clone();
        before[lane]++;
        Journal again = journal(disk);
        try {
            StoredState second = again.open("boot");
            require(Arrays.equals(before, second.messages),
                    "what was counted is counted again: " + Arrays.toString(before)
                            + " " + Arrays.toString(second.messages));
            require(second.lastId == first.lastId + 1, "the last id is that of the last message");
            List<Outgoing> messages = all(again, second);
            require(messages.stream().anyMatch(each -> each.id() == second.lastId
                    && each.message().topic().equals("new")), "the new message is there");
        } catch (IOException e) {
            throw new AssertionError("what was opened cannot be opened again", e);
        }
        again.close(true);
        return seen;
    }

    private static List<Long> ids(List<Outgoing> messages) {
        return messages.stream().map(Outgoing::id).toList();
    }

    private static String describe(StoredState state) {
        return state.incomplete + ' ' + state.mode + ' ' + state.closed + " skipped "
                + Math.min(9, state.recordsSkipped)
                + " foreign " + state.segmentsQuarantined + " messages " + Arrays.toString(state.messages)
                + " in flight "
                + state.inFlight.size() + " received " + state.received.size() + " subscriptions "
                + state.subscriptions.size() + (state.expiring ? " expiring" : "");
    }

    /** All messages, in the way the store reads its backlog; as many as were counted. */
    private static List<Outgoing> all(Journal journal, StoredState state) {
        List<Outgoing> all = new ArrayList<>(state.inFlight);
        for (int lane = 0; lane < Message.LANES; lane++) {
            long index = 0;
            boolean end = false;
            while (!end) {
                Batch batch = new Batch();
                batch.reads.readBehind(lane, index);
                journal.run(batch);
                require(batch.error == null, "the backlog can be read: " + batch.error);
                for (Outgoing message : batch.reads.loaded.get(lane)) {
                    require(message.index() > index, "messages are in order");
                    index = message.index();
                    all.add(message);
                }
                end = batch.reads.readToEnd[lane];
                require(end || !batch.reads.loaded.get(lane).isEmpty(), "reading goes on");
            }
            int number = lane;
            List<Outgoing> found = all.stream().filter(message -> message.lane() == number).toList();
            require(found.size() == state.messages[lane], "as many messages as are counted: lane " + lane + " counts "
                    + state.messages[lane] + " and has " + found.size());
            long bytes = found.stream().mapToLong(Outgoing::size).sum();
            require(bytes == state.bytes[lane], "as many bytes as are counted: " + state.bytes[lane] + " and " + bytes);
        }
        return all;
    }

    private static void require(boolean holds, String rule) {
        if (!holds) {
            throw new AssertionError("broken: " + rule);
        }
    }

    // ---- any bytes ------------------------------------------------------------------------------------------------

    /**
     * Files with any names and any bytes: for each a byte for the length of its name, the name, four bytes, the
     * content.
     */
    private static final class Disks implements Target {
        @Override
        public String name() {
            return "store-disks";
        }

        @Override
        public int maxBytes() {
            return 200_000;
        }

        @Override
        public List<byte[]> seeds() {
            List<byte[]> seeds = new ArrayList<>();
            for (int variant = 0; variant < 4; variant++) {
                DiskModel disk = store(variant);
                ByteArrayOutputStream all = new ByteArrayOutputStream();
                for (String path : disk.files()) {
                    byte[] name = path.substring(DIRECTORY.length() + 1).getBytes(StandardCharsets.ISO_8859_1);
                    byte[] content = disk.read(path);
                    all.write(name.length);
                    all.writeBytes(name);
                    all.writeBytes(ByteBuffer.allocate(4).putInt(content.length).array());
                    all.writeBytes(content);
                }
                seeds.add(all.toByteArray());
            }
            return seeds;
        }

        @Override
        public List<byte[]> words() {
            return List.of(Bytes.of("'lane1-0000000001.segment'"), Bytes.of("'session-'"), Bytes.of("'9999999999'"),
                    Bytes.of("'2147483647'"), Bytes.of("'.new'"), Bytes.of("'MQRS' 00000001"), new byte[64],
                    Bytes.of("01 00"), Bytes.of("0001 02"), Bytes.of("0001 03"), Bytes.of("0001 04"));
        }

        /** Where the files of an input are: the place of each content and its length; and its disk. */
        private static List<int[]> files(byte[] input, DiskModel disk) {
            List<int[]> places = new ArrayList<>();
            for (int at = 0; at < input.length;) {
                int end = Math.min(input.length, at + 1 + (input[at] & 0xFF));
                String name = new String(input, at + 1, end - at - 1, StandardCharsets.ISO_8859_1);
                int start = Math.min(input.length, end + 4);
                int announced = start - end < 4 ? 0 : ByteBuffer.wrap(input).getInt(end);
                int length = announced < 0 ? input.length - start : Math.min(announced, input.length - start);
                disk.put(DIRECTORY + "/" + name, Arrays.copyOfRange(input, start, start + length));
                places.add(new int[] { start, length });
                at = start + length;
            }
            return places;
        }

        private static DiskModel disk(byte[] input) {
            DiskModel disk = new DiskModel();
            files(input, disk);
            return disk;
        }

        @Override
        public byte[] repair(byte[] input, SplittableRandom random) {
            int most = random.nextInt(4);
            byte[] repaired = input.clone();
            for (int[] place : files(input, new DiskModel())) {
                if (place[1] >= Segment.HEADER_BYTES && most > 0) {
                    ByteBuffer file = ByteBuffer.wrap(repaired, place[0], place[1]).slice();
                    CRC32C checksum = new CRC32C();
                    checksum.update(file.duplicate().limit(60));
                    file.putInt(60, (int) checksum.getValue());
                    if (most > 1) {
                        fragments(file);
                    }
                }
            }
            return repaired;
        }

        /** Makes the checksum of every fragment right, as far as one follows the other. */
        private static void fragments(ByteBuffer file) {
            for (int at = Segment.HEADER_BYTES; at + Segment.FRAGMENT_HEADER_BYTES < file.limit();) {
                int rest = Segment.BLOCK_BYTES - at % Segment.BLOCK_BYTES;
                int length = file.getShort(at + 4) & 0xFFFF;
                int next = at + Segment.FRAGMENT_HEADER_BYTES + length;
                if (rest > Segment.FRAGMENT_HEADER_BYTES && next <= Math.min(file.limit(), at + rest)) {
                    CRC32C checksum = new CRC32C();
                    checksum.update(file.duplicate().limit(32).position(8));
                    checksum.update(file.duplicate().limit(next).position(at + 6));
                    file.putInt(at, (int) checksum.getValue());
                    at = next;
                } else {
                    at += rest;
                }
            }
        }

        @Override
        public void decode(byte[] input) {
            StoreTargets.decode(disk(input));
        }

        @Override
        public long allocationLimit(int inputBytes) { // buffers of readers, for each segment several times
            return 16_000_000 + 1000L * inputBytes;
        }

        @Override
        public String check(byte[] input) {
            return StoreTargets.check(disk(input));
        }
    }

    // ---- any records ----------------------------------------------------------------------------------------------

    /** Records with any bytes and right checksums: for each a byte for its chain, two for its length, the record. */
    private static final class RecordsOnly implements Target {
        @Override
        public String name() {
            return "store-records";
        }

        @Override
        public List<byte[]> seeds() {
            List<byte[]> seeds = new ArrayList<>();
            for (int variant = 0; variant < 2; variant++) {
                seeds.add(records(store(variant)));
            }
            return seeds;
        }

        private static byte[] records(DiskModel disk) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (String path : disk.files()) {
                if (!path.endsWith(Chain.SUFFIX)) {
                    continue;
                }
                try (StoredFile file = disk.openToRead(path)) {
                    ByteBuffer header = ByteBuffer.allocate(Segment.HEADER_BYTES);
                    file.read(header, 0);
                    Segment segment = Segment.parse(header.flip());
                    SegmentReader reader = new SegmentReader(file, segment, Segment.HEADER_BYTES);
                    while (reader.next()) {
                        byte[] bytes = new byte[reader.record().remaining()];
                        reader.record().get(bytes);
                        all.write(segment.chain);
                        all.write(bytes.length >> 8);
                        all.write(bytes.length);
                        all.writeBytes(bytes);
                    }
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
            return all.toByteArray();
        }

        @Override
        public List<byte[]> words() {
            List<byte[]> words = new ArrayList<>();
            for (int type = 1; type <= 13; type++) {
                words.add(new byte[] { (byte) type });
                words.add(new byte[] { 1, 0, 3, (byte) type, 1, 1 });
                words.add(new byte[] { 4, 0, 3, (byte) type, 1, 1 });
            }
            words.add(Bytes.of("01 0004 02 01 05 09"));
            words.add(Bytes.of("01 000a 04 01 ffffffffffffffff7f"));
            return words;
        }

        private static DiskModel disk(byte[] input) {
            DiskModel disk = new DiskModel();
            Chain[] chains = new Chain[CHAINS.length];
            ByteBuffer in = ByteBuffer.wrap(input);
            try {
                while (in.remaining() >= 3) {
                    int number = (in.get() & 0xFF) % CHAINS.length;
                    int length = Math.min(in.getShort() & 0xFFFF, in.remaining());
                    if (chains[number] == null) {
                        chains[number] = new Chain(disk, DIRECTORY, number, CHAINS[number]);
                    }
                    chains[number].tail(STORE, 1, 1024);
                    chains[number].append(new RecordBuffer().copy(in.slice(in.position(), length)));
                    in.position(in.position() + length);
                }
                for (Chain chain : chains) {
                    if (chain != null) {
                        chain.force();
                        chain.close();
                    }
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            return disk;
        }

        @Override
        public void decode(byte[] input) {
            StoreTargets.decode(disk(input));
        }

        @Override
        public long allocationLimit(int inputBytes) {
            return 16_000_000 + 1000L * inputBytes;
        }

        @Override
        public String check(byte[] input) {
            return StoreTargets.check(disk(input));
        }
    }
}
