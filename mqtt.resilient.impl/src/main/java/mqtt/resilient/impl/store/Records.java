package mqtt.resilient.impl.store;

import java.nio.ByteBuffer;

/** The records of a journal, and the numbers in them; docs/store-format.md describes them. */
final class Records {
    static final int MESSAGE = 1;
    static final int ASSIGNED = 2;
    static final int RELEASED = 3;
    static final int DONE = 4;
    static final int FORCED = 5;
    static final int OPENED = 6;
    static final int SESSION = 7;
    static final int RECEIVED = 8;
    static final int COMPLETED = 9;
    static final int SUBSCRIBED = 10;
    static final int UNSUBSCRIBED = 11;
    static final int CLOSED = 12;
    static final int BEGUN = 13;
    static final int GONE = 14;

    /** Indexes, ids and orders are smaller: see {@link SettledMessages}. */
    static final long END = 1L << 60;

    private Records() {
    }

    /** Reads what is counted from 1: an index, an id, the order of an assignment. */
    static long serial(ByteBuffer record) {
        return require(RecordBuffer.number(record), 1, END - 1);
    }

    static int packetId(ByteBuffer record) {
        return (int) require(RecordBuffer.number(record), 1, 65_535);
    }

    /** Reads a length that is not 0. */
    static int length(ByteBuffer record) {
        return (int) require(RecordBuffer.number(record), 1, Integer.MAX_VALUE);
    }

    /** Reads how a filter is subscribed: see {@link mqtt.resilient.spi.packet.Subscribe.Request#options()}. */
    static int options(ByteBuffer record) {
        long options = require(RecordBuffer.number(record), 0, Integer.MAX_VALUE);
        require(options & 3, 0, 2); // QoS
        require(options >> 4 & 3, 0, 2); // retain handling
        return (int) options;
    }

    private static long require(long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(value + " in a record; possible are " + least + " to " + most);
        }
        return value;
    }
}
