package mqtt.resilient.api;

/**
 * The rules for topic names and topic filters (MQTT 3.1.1 sections 1.5.3 and 4.7, MQTT 5 section 4.8.2). All methods
 * are pure and safe from any thread.
 */
public final class Topics {
    private static final int MAX_UTF8_BYTES = 65_535;
    private static final String SHARE = "$share/";

    private Topics() {
    }

    /**
     * Checks a topic name that a message is published to.
     *
     * @param topic the topic
     * @return the topic
     * @throws IllegalArgumentException if it is null, empty, longer than 65,535 bytes of UTF-8, or holds a wildcard,
     *         U+0000 or half of a surrogate pair; the message names the field, the value and what is allowed
     */
    public static String requireName(String topic) {
        checkName(topic);
        return topic;
    }

    /** The same, for the number of bytes that the topic takes as UTF-8. */
    static int checkName(String topic) {
        int length = check("topic", topic);
        if (hasWildcard(topic)) {
            throw new IllegalArgumentException("topic: " + quote(topic)
                    + " holds a wildcard (+ or #); wildcards are allowed in filters only");
        }
        return length;
    }

    /**
     * Checks a topic filter, also one of a shared subscription ({@code $share/group/filter}).
     *
     * @param filter the filter
     * @return the filter
     * @throws IllegalArgumentException if it breaks a rule; the message names the field, the value and what is allowed
     */
    public static String requireFilter(String filter) {
        check("filter", filter);
        if (filter.startsWith(SHARE)) {
            int slash = filter.indexOf('/', SHARE.length());
            String group = filter.substring(SHARE.length(), Math.max(slash, SHARE.length()));
            if (group.isEmpty() || hasWildcard(group) || slash == filter.length() - 1) {
                throw new IllegalArgumentException("filter: " + quote(filter)
                        + " is not a shared subscription; allowed is $share/<group>/<filter>, the group without / + #");
            }
        }
        String[] levels = withoutShare(filter).split("/", -1);
        for (int i = 0; i < levels.length; i++) {
            requireLevel(filter, levels[i], i == levels.length - 1);
        }
        return filter;
    }

    private static void requireLevel(String filter, String level, boolean last) {
        if (level.length() > 1 && hasWildcard(level)) {
            throw new IllegalArgumentException("filter: " + quote(filter)
                    + " mixes a wildcard with text; + and # are allowed only as a whole level");
        }
        if (level.equals("#") && !last) {
            throw new IllegalArgumentException(
                    "filter: " + quote(filter) + " goes on after #; # must be the last level");
        }
    }

    /**
     * The part of a filter that topics are matched against.
     *
     * @param filter a valid filter
     * @return the filter without {@code $share/group/}
     */
    public static String withoutShare(String filter) {
        return filter.startsWith(SHARE) ? filter.substring(filter.indexOf('/', SHARE.length()) + 1) : filter;
    }

    /**
     * The number of bytes a text takes as UTF-8, or -1 if it cannot be sent as an MQTT string.
     *
     * @param text any text
     * @return the number of bytes; -1 if the text holds U+0000 or half of a surrogate pair [MQTT-1.5.3-1, -2]
     */
    public static int utf8Length(String text) {
        int bytes = text.length();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == 0) {
                return -1;
            }
            if (c >= 0x80) {
                if (Character.isHighSurrogate(c) && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1))) {
                    bytes += 2;
                    i++;
                } else if (Character.isSurrogate(c)) {
                    return -1;
                } else {
                    bytes += c < 0x800 ? 1 : 2;
                }
            }
        }
        return bytes;
    }

    private static boolean hasWildcard(String text) {
        return text.indexOf('+') >= 0 || text.indexOf('#') >= 0;
    }

    private static int check(String field, String value) {
        if (value == null || value.isEmpty()) {
            throw new IllegalArgumentException(field + ": " + (value == null ? "null" : "an empty text")
                    + " is not allowed; at least one character is");
        }
        int length = utf8Length(value);
        if (length < 0) {
            throw new IllegalArgumentException(field + ": " + quote(value)
                    + " holds U+0000 or half of a surrogate pair; neither is allowed");
        }
        if (length > MAX_UTF8_BYTES) {
            throw new IllegalArgumentException(field + ": " + quote(value) + " takes " + length
                    + " bytes; allowed are " + MAX_UTF8_BYTES);
        }
        return length;
    }

    private static String quote(String value) {
        String shown = value.length() > 80 ? value.substring(0, 80) + "…" : value;
        return "\"" + oneLine(shown.replace("\0", "\\u0000")) + "\"";
    }

    /** A topic as it may be shown: control and format characters and line separators become {@code ?}. */
    static String oneLine(String topic) {
        return topic.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]", "?");
    }
}
