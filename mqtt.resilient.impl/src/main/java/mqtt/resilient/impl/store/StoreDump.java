package mqtt.resilient.impl.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.environment.FileSystem;
import mqtt.resilient.impl.environment.FileSystem.StoredFile;

/** Tells what is in a store, record by record, as lines of JSON. Only reads, also beside a client that writes. */
public final class StoreDump {
    private final FileSystem files;
    private final String directory;
    private final Consumer<String> lines;
    private int segments;
    private long records;
    private int damages;
    private final Chains chains;
    private final Inventory inventory;

    /**
     * Makes a dump of one client's directory.
     *
     * @param lines is told every line
     */
    public StoreDump(FileSystem files, String directory, Consumer<String> lines) {
        this.files = files;
        this.directory = directory;
        this.lines = lines;
        chains = new Chains(files, directory);
        inventory = new Inventory(chains.all);
    }

    /**
     * Reads everything once.
     *
     * @param all whether to tell every record, or only the segments
     * @return whether nothing is damaged
     * @throws IOException if the directory cannot be read, or has no segment: it is not the one of a journal
     */
    public boolean run(boolean all) throws IOException {
        List<String> before = files.list(directory);
        for (String name : before) {
            if (name.endsWith(Chain.SUFFIX)) {
                try {
                    read(name, all);
                } catch (IOException e) {
                    if (files.list(directory).contains(name)) {
                        throw e;
                    }
                    segments--; // it was done with meanwhile
                }
            }
        }
        if (segments == 0) { // else nothing would be damaged in any directory
            throw new IOException(directory
                    + " is not allowed: it has no segment; allowed: <store.directory>/<name>.journal, here "
                    + files.list(directory).stream().filter(each -> each.endsWith(".journal")).toList());
        }
        missing(before);
        lines.accept("{\"segments\":" + segments + ",\"records\":" + records + ",\"damages\":" + damages + "}");
        return damages == 0;
    }

    /** Names what the session chain lists and what is not there, nor was before: a client may write meanwhile. */
    private void missing(List<String> before) throws IOException {
        List<String> names = files.list(directory);
        for (Chain chain : chains.all) {
            for (Segment segment : inventory.missing(chain.number, List.of(), 0)) {
                String name = chain.name(segment.number);
                if (!names.contains(name) && !before.contains(name)) {
                    damages++;
                    lines.accept("{\"segment\":" + quoted(name) + ",\"missing\":true}");
                }
            }
        }
    }

    private void read(String name, boolean all) throws IOException {
        segments++;
        try (StoredFile file = files.openToRead(directory + "/" + name)) {
            Segment segment = Segment.read(file);
            if (segment == null) {
                damages += file.size() > Segment.HEADER_BYTES ? 1 : 0;
                lines.accept("{\"segment\":" + quoted(name) + ",\"header\":\"damaged\"}");
                return;
            }
            lines.accept("{\"segment\":" + quoted(name) + ",\"store\":\"" + segment.store + "\",\"bytes\":"
                    + file.size() + ",\"firstIndex\":" + segment.firstIndex() + ",\"firstId\":" + segment.firstId
                    + "}");
            SegmentReader reader = new SegmentReader(file, segment, Segment.HEADER_BYTES);
            long before = records;
            reader.scan(record -> {
                records++;
                list(segment.chain, record.duplicate());
                if (all) {
                    lines.accept(lineOrDamage(segment.chain, record));
                }
                return true;
            });
            if (reader.damages() > 0) { // at the end of the newest segment it is most likely what is being written
                damages += reader.damages();
                lines.accept("{\"segment\":" + quoted(name) + ",\"records\":" + (records - before) + ",\"damages\":"
                        + reader.damages() + ",\"firstDamage\":" + reader.firstDamage() + "}");
            }
        }
    }

    /** Takes note of which segments there must be. */
    private void list(int chain, ByteBuffer record) {
        try {
            if (chain == Chains.SESSION) {
                inventory.read(record.get(), record);
            }
        } catch (RuntimeException e) {
            inventory.distrust(); // it is damaged
        }
    }

    private String lineOrDamage(int chain, ByteBuffer record) {
        try {
            return line(chain, record.duplicate());
        } catch (RuntimeException e) { // its checksum is right: this was never ours
            damages++;
            return "{\"type\":" + record.get() + ",\"damaged\":true}";
        }
    }

    private static String line(int chain, ByteBuffer record) {
        int type = record.get();
        return switch (type) {
            case Records.MESSAGE -> message(chain, MessageRecord.read(record));
            case Records.ASSIGNED -> "{\"assigned\":" + next(record) + ",\"lane\":" + chain + ",\"packetId\":"
                    + next(record) + "}";
            case Records.RELEASED -> "{\"released\":" + next(record) + ",\"lane\":" + chain + "}";
            case Records.DONE -> "{\"done\":" + next(record) + ",\"lane\":" + chain + ",\"count\":"
                    + next(record) + "}";
            case Records.FORCED -> "{\"forced\":" + next(record) + "}";
            case Records.OPENED -> "{\"opened\":" + text(record) + ",\"boot\":" + text(record) + ",\"session\":"
                    + text(record) + "}";
            case Records.SESSION -> "{\"session\":" + text(record) + "}";
            case Records.RECEIVED -> "{\"received\":" + next(record) + "}";
            case Records.COMPLETED -> "{\"completed\":" + next(record) + "}";
            case Records.SUBSCRIBED -> "{\"subscribed\":" + text(record) + ",\"qos\":" + next(record) + "}";
            case Records.UNSUBSCRIBED -> "{\"unsubscribed\":" + text(record) + "}";
            case Records.CLOSED -> "{\"closed\":true}";
            case Records.BEGUN -> {
                long of = next(record);
                yield "{\"begun\":" + next(record) + ",\"chain\":" + of + ",\"firstIndex\":" + next(record)
                        + ",\"firstId\":" + next(record) + "}";
            }
            case Records.GONE -> {
                long of = next(record);
                yield "{\"gone\":" + next(record) + ",\"chain\":" + of + "}";
            }
            default -> "{\"type\":" + type + "}";
        };
    }

    /** Everything but the payload, which is nobody's business. */
    private static String message(int chain, MessageRecord message) {
        return "{\"" + (chain < Message.LANES ? "message" : "aside") + "\":" + message.index() + ",\"lane\":" + chain
                + ",\"id\":" + message.id() + ",\"acceptedMillis\":" + message.acceptedMillis()
                + ",\"qos\":" + message.qos()
                + (message.expiresNanos() > 0 ? ",\"expiresNanos\":" + message.expiresNanos() : "")
                + (message.propertyBytes() > 0 ? ",\"propertyBytes\":" + message.propertyBytes() : "")
                + ",\"topic\":" + quoted(message.topic()) + ",\"payloadBytes\":" + message.payloadBytes() + "}";
    }

    private static long next(ByteBuffer record) {
        return RecordBuffer.number(record);
    }

    private static String text(ByteBuffer record) {
        return quoted(RecordBuffer.text(record));
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder(text.length() + 2).append('"');
        for (char each : text.toCharArray()) {
            if (each == '"' || each == '\\') {
                json.append('\\').append(each);
            } else if (each < ' ' || each > '~') {
                json.append(String.format("\\u%04x", (int) each));
            } else {
                json.append(each);
            }
        }
        return json.append('"').toString();
    }
}
