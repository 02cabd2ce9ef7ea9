package mqtt.resilient.api;

/**
 * A User Property of a packet: a name and a value (MQTT 5 section 2.2.2.2). Names may repeat; their order is
 * kept.
 *
 * @param name any text that MQTT can send, at most 65,535 bytes of UTF-8
 * @param value likewise
 */
public record UserProperty(String name, String value) {
    /**
     * Checks both texts.
     *
     * @param name any text that MQTT can send, at most 65,535 bytes of UTF-8
     * @param value likewise
     * @throws IllegalArgumentException if one of them is null, too long, or holds U+0000 or half of a surrogate pair
     */
    public UserProperty {
        MessageProperties.requireText("user property name", name);
        MessageProperties.requireText("user property value", value);
    }
}
