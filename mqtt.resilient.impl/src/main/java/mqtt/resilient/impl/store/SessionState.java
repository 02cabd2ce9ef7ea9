package mqtt.resilient.impl.store;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the broker's session holds, as the records of the session's chain say. On the store's thread only. */
final class SessionState {
    private String key = "";
    /** Digests of received QoS 2 messages, by packet identifier. */
    final Map<Integer, Long> received = new LinkedHashMap<>();
    /** Options of subscriptions, by filter. */
    final Map<String, Integer> subscriptions = new LinkedHashMap<>();

    String key() {
        return key;
    }

    /** A new session has begun; empty = there is none. */
    void begin(String newKey) {
        key = newKey;
        received.clear();
        subscriptions.clear();
    }

    /** Adds all of it to a record. */
    void writeAll(RecordBuffer record) {
        record.text(key).number(received.size());
        received.forEach((id, digest) -> record.number(id).fixed(digest));
        record.number(subscriptions.size());
        subscriptions.forEach((filter, options) -> record.text(filter).number(options));
    }

    /** Reads what {@link #writeAll} wrote. */
    void readAll(ByteBuffer record) {
        begin(RecordBuffer.text(record));
        for (long left = RecordBuffer.number(record); left > 0; left--) {
            received.put(Records.packetId(record), record.getLong());
        }
        for (long left = RecordBuffer.number(record); left > 0; left--) {
            subscriptions.put(RecordBuffer.text(record), Records.options(record));
        }
    }

    /** Reads the rest of a record that changes it; false if the record is none of these. */
    boolean read(int type, ByteBuffer record) {
        switch (type) {
            case Records.SESSION -> begin(RecordBuffer.text(record));
            case Records.RECEIVED -> received.put(Records.packetId(record), record.getLong());
            case Records.COMPLETED -> received.remove(Records.packetId(record));
            case Records.SUBSCRIBED -> subscriptions.put(RecordBuffer.text(record), Records.options(record));
            case Records.UNSUBSCRIBED -> subscriptions.remove(RecordBuffer.text(record));
            default -> {
                return false;
            }
        }
        return true;
    }
}
