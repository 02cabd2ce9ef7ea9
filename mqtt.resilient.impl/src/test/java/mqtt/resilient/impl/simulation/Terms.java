package mqtt.resilient.impl.simulation;

import java.util.SplittableRandom;

/**
 * What a broker of MQTT 5 takes from its clients, and says in its CONNACK.
 *
 * @param receiveMaximum how many messages of QoS 1 and 2 unacknowledged
 * @param maximumPacketBytes the largest packet
 * @param topicAliasMaximum how many topic aliases
 * @param maximumQos the highest QoS
 * @param retainAvailable whether messages may be retained
 * @param keepAliveSeconds the keepalive instead of the client's; -1 = the client's
 * @param sessionExpirySeconds how long it keeps sessions at most; -1 = as long as they want
 * @param identifiers whether it takes subscription identifiers
 */
record Terms(int receiveMaximum, int maximumPacketBytes, int topicAliasMaximum, int maximumQos, boolean retainAvailable,
        int keepAliveSeconds, long sessionExpirySeconds, boolean identifiers) {
    private static final int ANY_PACKET = 268_435_460;
    /** Of a broker that does not say anything, and of 3.1.1. */
    static final Terms NONE = new Terms(65_535, ANY_PACKET, 0, 2, true, -1, -1, true);

    static Terms of(SplittableRandom random) {
        if (random.nextInt(4) == 0) {
            return NONE;
        }
        int qos = random.nextInt(12);
        return new Terms(one(random, 65_535, 20, 5, 2, 1), one(random, ANY_PACKET, ANY_PACKET, ANY_PACKET, 1500),
                one(random, 0, 1, 3, 10, 100), qos == 0 ? 0 : qos == 1 ? 1 : 2, random.nextInt(5) > 0,
                one(random, -1, -1, 20, 100),
                one(random, -1, -1, -1, 60), random.nextInt(4) > 0);
    }

    private static int one(SplittableRandom random, int... choices) {
        return choices[random.nextInt(choices.length)];
    }

    /** What the CONNACK says of it. */
    Properties properties() {
        Properties made = new Properties();
        put(made, Properties.RECEIVE_MAXIMUM, receiveMaximum, NONE.receiveMaximum);
        put(made, Properties.MAXIMUM_PACKET_SIZE, maximumPacketBytes, NONE.maximumPacketBytes);
        put(made, Properties.TOPIC_ALIAS_MAXIMUM, topicAliasMaximum, 0);
        put(made, Properties.MAXIMUM_QOS, maximumQos, 2);
        put(made, Properties.RETAIN_AVAILABLE, retainAvailable ? 1 : 0, 1);
        put(made, Properties.SERVER_KEEP_ALIVE, keepAliveSeconds, -1);
        put(made, Properties.SESSION_EXPIRY, sessionExpirySeconds, -1);
        put(made, Properties.IDENTIFIERS_AVAILABLE, identifiers ? 1 : 0, 1);
        return made;
    }

    private static void put(Properties to, int id, long value, long absent) {
        if (value != absent) {
            to.put(id, value);
        }
    }
}
