package mqtt.resilient.kura.network;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The configuration of {@link KuraNetwork}.
 *
 * @param interfaces the names of the interfaces that count, in order of preference; empty = all
 * @param pollSeconds how often Kura is asked
 * @param bounceInterface what is disabled and enabled on request; empty = nothing
 * @param bounceSeconds how long it stays disabled
 */
record NetworkSettings(List<String> interfaces, int pollSeconds, String bounceInterface, int bounceSeconds) {
    static final NetworkSettings DEFAULT = new NetworkSettings(List.of(), 10, "", 5);

    /** Reads properties of any type; an {@link IllegalArgumentException} names key, value and what is allowed. */
    static NetworkSettings of(Map<String, ?> properties) {
        List<String> interfaces = texts(properties.get("interfaces"));
        interfaces.forEach(each -> requireName("interfaces", each));
        List<String> bounce = texts(properties.get("bounce.interface"));
        if (bounce.size() > 1) {
            throw invalid("bounce.interface", bounce, "one interface");
        }
        bounce.forEach(each -> requireName("bounce.interface", each));
        return new NetworkSettings(interfaces, number(properties, "poll.seconds", DEFAULT.pollSeconds, 3600),
                bounce.isEmpty() ? "" : bounce.get(0),
                number(properties, "bounce.seconds", DEFAULT.bounceSeconds, 300));
    }

    private static List<String> texts(Object value) {
        Stream<?> values = value == null ? Stream.of() : value instanceof Object[] array ? Stream.of(array)
                : Stream.of(String.valueOf(value).split(","));
        return values.map(String::valueOf).map(String::strip).filter(text -> !text.isEmpty()).toList();
    }

    private static void requireName(String key, String name) {
        if (!name.matches("[A-Za-z0-9._:@-]{1,64}")) {
            throw invalid(key, name, "names of interfaces");
        }
    }

    private static int number(Map<String, ?> properties, String key, int byDefault, int max) {
        Object value = properties.get(key);
        String text = value == null ? String.valueOf(byDefault) : String.valueOf(value).strip();
        if (!text.matches("[0-9]{1,4}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > max) {
            throw invalid(key, value, "a whole number from 1 to " + max);
        }
        return Integer.parseInt(text);
    }

    private static IllegalArgumentException invalid(String key, Object value, String allowed) {
        return new IllegalArgumentException(key + ": \"" + value + "\" is not allowed; allowed: " + allowed);
    }
}
