package mqtt.resilient.v5;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Gives the most used topics of one connection an alias (MQTT 5 section 3.3.2.3.4): by the algorithm of Misra and Gries
 * every topic that comes more often than each (n + 1)th time keeps one of n aliases. Allocates only when an alias goes
 * to another topic.
 */
final class TopicAliases {
    private static final int SEEN_BITS = 1024;

    private static final class Entry {
        private String topic;
        private final int alias;
        private int uses;

        Entry(int alias) {
            this.alias = alias;
        }
    }

    private final Map<String, Entry> byTopic = new HashMap<>();
    private final Entry[] entries;
    /** One bit for each hash of a topic that came without an alias; cleared from time to time. */
    private final long[] seen = new long[SEEN_BITS / Long.SIZE];
    private int seenCount;
    private int given;

    /**
     * So many aliases at most; more cost memory at the broker and time here, and a longer tail of topics saves little.
     */
    TopicAliases(int maximum) {
        entries = new Entry[maximum];
    }

    /** The alias that the broker knows for a topic; 0 = none. */
    int known(String topic) {
        Entry entry = byTopic.get(topic);
        if (entry == null) {
            return 0;
        }
        entry.uses++;
        return entry.alias;
    }

    /** A topic without an alias is being sent: the alias that it gets with this packet; 0 = none. */
    int give(String topic) {
        if (isNew(topic)) {
            return 0; // a topic that comes once is not worth the bytes
        }
        Entry free = given < entries.length ? new Entry(given + 1) : null;
        if (free != null) {
            entries[given++] = free;
        }
        for (int i = 0; i < entries.length && free == null; i++) {
            free = entries[i].uses == 0 ? entries[i] : null;
        }
        if (free == null) {
            for (Entry entry : entries) {
                entry.uses--;
            }
            return 0;
        }
        byTopic.remove(free.topic);
        free.topic = topic;
        free.uses = 1;
        byTopic.put(topic, free);
        return free.alias;
    }

    /** Whether a topic did not come lately, as far as its hash tells. */
    private boolean isNew(String topic) {
        int hash = topic.hashCode();
        int bit = (hash ^ hash >>> 10 ^ hash >>> 20) & SEEN_BITS - 1;
        if ((seen[bit / Long.SIZE] & 1L << bit) != 0) {
            return false;
        }
        if (++seenCount > SEEN_BITS / 4) {
            seenCount = 1;
            Arrays.fill(seen, 0);
        }
        seen[bit / Long.SIZE] |= 1L << bit;
        return true;
    }
}
