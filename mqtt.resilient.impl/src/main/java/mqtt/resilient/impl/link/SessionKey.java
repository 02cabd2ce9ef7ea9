package mqtt.resilient.impl.link;

import mqtt.resilient.spi.ProtocolVersion;

/**
 * Which session of a broker it is.
 *
 * @param broker the broker, or {@value #CLUSTER} if those of the list share their sessions
 * @param clientId the client identifier
 * @param five whether it is a session of MQTT 5: to a broker it is another one than that of 3.1.1
 */
record SessionKey(String broker, String clientId, boolean five) {
    private static final String CLUSTER = "cluster";
    /** At the end of the text of a session of MQTT 5. */
    private static final String FIVE = " 5";

    static SessionKey of(LinkSettings.Brokers brokers, BrokerUri broker, String clientId, ProtocolVersion version) {
        return new SessionKey(brokers.cluster() ? CLUSTER : broker.toString(), clientId, version.hasSessionExpiry());
    }

    /** The session that the store names; null = it names none. */
    static SessionKey parse(String text) {
        if (text.isEmpty()) {
            return null;
        }
        int space = text.indexOf(' ');
        int end = text.length() - FIVE.length();
        boolean five = text.endsWith(FIVE) && space < end;
        return new SessionKey(space < 0 ? text : text.substring(0, space),
                space < 0 ? "" : text.substring(space + 1, five ? end : text.length()), five);
    }

    /** What the store keeps. */
    String text() {
        return broker + " " + clientId + (five ? FIVE : "");
    }

    /** Whether this session of MQTT 5 replaces the other one at the broker: the same client's of 3.1.1. */
    boolean supplants(SessionKey other) {
        return text().equals(other.text() + FIVE);
    }

    /** Keys are equal if their texts in the store are: a client identifier may end in " 5" itself. */
    @Override
    public boolean equals(Object other) {
        return other instanceof SessionKey key && text().equals(key.text());
    }

    @Override
    public int hashCode() {
        return text().hashCode();
    }
}
