package mqtt.resilient.v5;

import java.util.HashMap;
import java.util.Map;

/**
 * Gives the most used topics of one connection an alias (MQTT 5 section 3.3.2.3.4): by the algorithm of Misra and Gries
 * every topic that comes more often than each (n + 1)th time keeps one of n aliases. Allocates only when an alias goes to
 * another topic.
 */
final class TopicAliases {
    /** More would cost memory at the broker and time here, and a longer tail of topics saves little. */
    private static final int LARGEST = 32;

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
    /** Hashes of topics that came and have no alias. */
    private final int[] seen = new int[64];
    private int given;

    TopicAliases(int maximum) {
        entries = new Entry[Math.min(maximum, LARGEST)];
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
        int hash = topic.hashCode();
        int slot = (hash ^ hash >>> 16) & seen.length - 1;
        if (seen[slot] != hash) {
            seen[slot] = hash; // a topic that comes once is not worth the bytes
            return 0;
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
}
