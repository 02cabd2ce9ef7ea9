package mqtt.resilient.kura.transport;

import mqtt.resilient.api.Topics;

/** Matches topics with filters (MQTT 3.1.1 section 4.7). */
final class Filters {
    private Filters() {
    }

    /** Whether a valid filter takes a topic. */
    static boolean matches(String filter, String topic) {
        String[] wanted = Topics.withoutShare(filter).split("/", -1);
        String[] levels = topic.split("/", -1);
        if (topic.startsWith("$") && !wanted[0].equals(levels[0])) {
            return false; // [MQTT-4.7.2-1]
        }
        for (int i = 0; i < wanted.length; i++) {
            if (wanted[i].equals("#")) {
                return true;
            }
            if (i >= levels.length || !wanted[i].equals("+") && !wanted[i].equals(levels[i])) {
                return false;
            }
        }
        return wanted.length == levels.length;
    }
}
