package mqtt.resilient.api;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The properties of a message besides its topic and payload (MQTT 5 section 3.3.2.3); MQTT 3.1.1 has none and does not
 * send them. Immutable, safe from any thread, kept in the store with its message.
 */
public final class MessageProperties {
    /** No properties. */
    public static final MessageProperties NONE = builder().build();

    private static final int TEXT = 0x01;
    private static final int CONTENT_TYPE = 0x03;
    private static final int RESPONSE_TOPIC = 0x08;
    private static final int CORRELATION_DATA = 0x09;
    private static final int USER_PROPERTY = 0x26;
    private static final int MAX_BYTES = 65_535;

    private final boolean text;
    private final String contentType;
    private final String responseTopic;
    private final byte[] correlationData;
    private final List<UserProperty> userProperties;
    private final byte[] encoded;

    private MessageProperties(Builder builder) {
        text = builder.text;
        contentType = builder.contentType;
        responseTopic = builder.responseTopic;
        correlationData = builder.correlationData;
        userProperties = List.copyOf(builder.userProperties);
        encoded = encode();
    }

    /** {@return a builder, to be used by one thread} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return a builder that begins with these properties} */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.text = text;
        builder.contentType = contentType;
        builder.responseTopic = responseTopic;
        builder.correlationData = correlationData;
        builder.userProperties.addAll(userProperties);
        return builder;
    }

    /** {@return whether the payload is said to be UTF-8 text (Payload Format Indicator)} */
    public boolean isText() {
        return text;
    }

    /** {@return the content type} */
    public Optional<String> contentType() {
        return Optional.ofNullable(contentType);
    }

    /** {@return the topic for a response (Response Topic)} */
    public Optional<String> responseTopic() {
        return Optional.ofNullable(responseTopic);
    }

    /** {@return a copy of the Correlation Data, which a response returns} */
    public Optional<byte[]> correlationData() {
        return Optional.ofNullable(correlationData).map(byte[]::clone);
    }

    /** {@return the user properties, in order; names may repeat} */
    public List<UserProperty> userProperties() {
        return userProperties;
    }

    /**
     * The first user property of a name.
     *
     * @param name the name
     * @return its value
     */
    public Optional<String> userProperty(String name) {
        return userProperties.stream().filter(each -> each.name().equals(name)).map(UserProperty::value).findFirst();
    }

    /** {@return how many bytes {@link #writeTo} writes; 0 = no properties} */
    public int length() {
        return encoded.length;
    }

    /**
     * Writes the properties as MQTT 5 encodes them (section 2.2.2.2), without their length.
     *
     * @param target has {@link #length()} bytes remaining
     */
    public void writeTo(ByteBuffer target) {
        target.put(encoded);
    }

    /**
     * Reads what {@link #writeTo} wrote.
     *
     * @param source exactly those bytes
     * @return the properties
     * @throws IllegalArgumentException if it is something else
     */
    public static MessageProperties read(ByteBuffer source) {
        Builder builder = builder();
        try {
            while (source.hasRemaining()) {
                int id = source.get();
                switch (id) {
                    case TEXT -> builder.text(source.get() != 0);
                    case CONTENT_TYPE -> builder.contentType(readText(source));
                    case RESPONSE_TOPIC -> builder.responseTopic(readText(source));
                    case CORRELATION_DATA -> builder.correlationData(readBytes(source));
                    case USER_PROPERTY -> builder.userProperty(readText(source), readText(source));
                    default -> throw new IllegalArgumentException("a message has no property " + id);
                }
            }
        } catch (BufferUnderflowException e) {
            throw new IllegalArgumentException("properties that end too early", e);
        }
        return builder.build();
    }

    private byte[] encode() {
        int size = (text ? 2 : 0) + size(contentType) + size(responseTopic)
                + (correlationData == null ? 0 : 3 + correlationData.length)
                + userProperties.stream().mapToInt(each -> size(each.name()) + size(each.value()) - 1).sum();
        ByteBuffer out = ByteBuffer.allocate(size);
        if (text) {
            out.put((byte) TEXT).put((byte) 1);
        }
        putText(CONTENT_TYPE, contentType, out);
        putText(RESPONSE_TOPIC, responseTopic, out);
        if (correlationData != null) {
            out.put((byte) CORRELATION_DATA).putShort((short) correlationData.length).put(correlationData);
        }
        for (UserProperty each : userProperties) {
            putText(USER_PROPERTY, each.name(), out);
            byte[] value = each.value().getBytes(StandardCharsets.UTF_8);
            out.putShort((short) value.length).put(value);
        }
        return out.array();
    }

    private static int size(String value) {
        return value == null ? 0 : 3 + Topics.utf8Length(value);
    }

    private static void putText(int id, String value, ByteBuffer out) {
        if (value != null) {
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            out.put((byte) id).putShort((short) bytes.length).put(bytes);
        }
    }

    private static String readText(ByteBuffer source) {
        return new String(readBytes(source), StandardCharsets.UTF_8);
    }

    private static byte[] readBytes(ByteBuffer source) {
        int length = source.getShort() & 0xFFFF;
        if (length > source.remaining()) {
            throw new BufferUnderflowException();
        }
        byte[] bytes = new byte[length];
        source.get(bytes);
        return bytes;
    }

    static String requireText(String field, String value) {
        int length = value == null ? -1 : Topics.utf8Length(value);
        if (length < 0 || length > MAX_BYTES) {
            throw new IllegalArgumentException(field + ": " + (value == null ? "null" : length < 0
                    ? "U+0000 or half of a surrogate pair" : length + " bytes")
                    + " is not allowed; allowed are texts of at most " + MAX_BYTES + " bytes of UTF-8");
        }
        return value;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof MessageProperties that && Arrays.equals(encoded, that.encoded);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(encoded);
    }

    /** {@return the names of the properties that are set; no values} */
    @Override
    public String toString() {
        return "MessageProperties[" + (text ? "text " : "") + (contentType == null ? "" : "contentType ")
                + (responseTopic == null ? "" : "responseTopic ") + (correlationData == null ? "" : "correlationData ")
                + userProperties.size() + " user properties]";
    }

    /** Collects {@link MessageProperties}. Not safe for use by several threads at once. */
    public static final class Builder {
        private boolean text;
        private String contentType;
        private String responseTopic;
        private byte[] correlationData;
        private final List<UserProperty> userProperties = new ArrayList<>(0);

        private Builder() {
        }

        /**
         * Says that the payload is UTF-8 text (Payload Format Indicator).
         *
         * @param isText whether it is
         * @return this
         */
        public Builder text(boolean isText) {
            text = isText;
            return this;
        }

        /**
         * Sets the content type, for example {@code application/json}.
         *
         * @param type at most 65,535 bytes of UTF-8
         * @return this
         * @throws IllegalArgumentException if it cannot be sent
         */
        public Builder contentType(String type) {
            contentType = requireText("contentType", type);
            return this;
        }

        /**
         * Sets the topic for a response (Response Topic).
         *
         * @param topic without wildcards
         * @return this
         * @throws IllegalArgumentException if the topic breaks a rule of {@link Topics#requireName(String)}
         */
        public Builder responseTopic(String topic) {
            responseTopic = Topics.requireName(topic);
            return this;
        }

        /**
         * Sets the Correlation Data, which a response returns.
         *
         * @param bytes copied; at most 65,535
         * @return this
         * @throws IllegalArgumentException if there are more
         */
        public Builder correlationData(byte[] bytes) {
            if (bytes.length > MAX_BYTES) {
                throw new IllegalArgumentException(
                        "correlationData: " + bytes.length + " bytes are not allowed; allowed are "
                                + MAX_BYTES);
            }
            correlationData = bytes.clone();
            return this;
        }

        /**
         * Adds a user property after the present ones.
         *
         * @param name any text that MQTT can send; may repeat
         * @param value likewise
         * @return this
         * @throws IllegalArgumentException if one of them cannot be sent
         */
        public Builder userProperty(String name, String value) {
            userProperties.add(new UserProperty(name, value));
            return this;
        }

        /** {@return the properties} */
        public MessageProperties build() {
            return new MessageProperties(this);
        }
    }
}
