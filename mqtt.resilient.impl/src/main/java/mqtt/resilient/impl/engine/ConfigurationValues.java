package mqtt.resilient.impl.engine;

import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import mqtt.resilient.api.Topics;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.impl.engine.Configuration.InvalidException;

/**
 * The properties of a client as values of the type that a key needs, whatever type a console or a file gave them; what
 * is absent has its default. Which values a key may have is said by {@link Configuration}.
 */
final class ConfigurationValues {
    /** Of a text in MQTT, and of what a broker takes as such. */
    static final int MAX_STRING_BYTES = 65_535;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    /** All that may be a user or a password in an address, however it is written. */
    private static final Pattern LOGIN = Pattern.compile("(?s)^((?:http|socks5|mqtt|mqtts|ws|wss)://)?.*@");
    private static final Set<String> FRAMEWORK_PREFIXES = Set.of("service.", "component.", "felix.", "kura.",
            "osgi.", "config.", ".config.", "org.apache.felix.");
    /** Also as the text of a Double, which has an exponent from ten million. */
    private static final Pattern WHOLE = Pattern.compile("[+-]?[0-9]{1,18}([.][0-9]{1,17}(E[0-9]{1,2})?)?");
    private static final Map<String, Object> DEFAULTS = defaults();

    private final Map<String, ?> properties;

    ConfigurationValues(Map<String, ?> properties) {
        this.properties = properties;
    }

    private static Map<String, Object> defaults() {
        Map<String, Object> all = new LinkedHashMap<>();
        for (Method method : ClientConfig.class.getDeclaredMethods()) {
            if (method.getParameterCount() == 0 && !method.isSynthetic()) {
                all.put(method.getName().replace('_', '.'),
                        method.getDefaultValue() == null ? "" : method.getDefaultValue());
            }
        }
        return Map.copyOf(all);
    }

    static Set<String> keys() {
        return new TreeSet<>(DEFAULTS.keySet());
    }

    Set<String> unknownKeys() {
        return properties.keySet().stream().filter(key -> key != null && !DEFAULTS.containsKey(key)
                && FRAMEWORK_PREFIXES.stream().noneMatch(key::startsWith))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    void requireNoNullKey() throws InvalidException {
        if (properties.keySet().stream().anyMatch(Objects::isNull)) {
            throw new InvalidException(
                    "configuration: the key null is not allowed; allowed: the keys of docs/configuration.md");
        }
    }

    private Object value(String key) {
        Object value = properties.get(key);
        return value == null ? DEFAULTS.get(key) : value;
    }

    String text(String key) throws InvalidException {
        Object value = value(key);
        if (value instanceof Object[] || value instanceof Collection) {
            List<String> all = texts(key);
            if (all.size() > 1) {
                throw invalid(key, key.startsWith(".") ? "…" : all, "one value");
            }
            return all.isEmpty() ? "" : all.get(0);
        }
        return one(key, value);
    }

    /** One value as a text, of any type that has one; the others' toString() would be taken for what was meant. */
    private static String one(String key, Object value) throws InvalidException {
        if (value instanceof char[] characters) {
            return new String(characters);
        }
        if (value != null && value.getClass().isArray()) {
            throw new InvalidException(
                    key + ": a value of type " + value.getClass().getSimpleName() + " is not allowed; allowed: text, "
                            + "char[], a number, true or false");
        }
        return String.valueOf(value);
    }

    /** A text that MQTT can send. */
    String string(String key) throws InvalidException {
        String text = text(key);
        int length = Topics.utf8Length(text);
        if (length < 0 || length > MAX_STRING_BYTES) {
            throw invalid(key, text.replace("\0", "\\u0000"), "at most " + MAX_STRING_BYTES
                    + " bytes of UTF-8 without U+0000");
        }
        return text;
    }

    List<String> texts(String key) throws InvalidException {
        Object value = value(key);
        Collection<?> values = value instanceof Object[] array ? Arrays.asList(array)
                : value instanceof Collection<?> collection ? collection
                        : List.of(one(key, value).split("[,\n]"));
        List<String> all = new ArrayList<>();
        for (Object each : values) {
            String text = one(key, each).strip();
            if (!text.isEmpty()) {
                all.add(text);
            }
        }
        return List.copyOf(all);
    }

    /** A whole number; a Double, which some tools make of every number, if it is whole. */
    long number(String key, long min, long max) throws InvalidException {
        String text = text(key).strip();
        if (WHOLE.matcher(text).matches()) {
            BigDecimal number = new BigDecimal(text);
            boolean inRange = number.compareTo(BigDecimal.valueOf(min)) >= 0
                    && number.compareTo(BigDecimal.valueOf(max)) <= 0;
            if (inRange && number.stripTrailingZeros().scale() <= 0) {
                return number.longValue();
            }
        }
        throw invalid(key, text, "a whole number from " + min + " to " + max);
    }

    long seconds(String key, long min, long max) throws InvalidException {
        return number(key, min, max) * NANOS_PER_SECOND;
    }

    double decimal(String key) throws InvalidException {
        String text = text(key).strip();
        if (text.matches("[0-9]{1,10}([.][0-9]{1,17})?([eE]-?[0-9]{1,2})?") && Double.parseDouble(text) <= 1e9) {
            return Double.parseDouble(text);
        }
        throw invalid(key, text, "a number from 0 to 1000000000");
    }

    boolean flag(String key) throws InvalidException {
        String text = text(key).strip();
        if (!text.equalsIgnoreCase("true") && !text.equalsIgnoreCase("false")) {
            throw invalid(key, text, "true or false");
        }
        return Boolean.parseBoolean(text);
    }

    /** One of several words. */
    String choice(String key, String... allowed) throws InvalidException {
        String text = text(key).strip();
        if (!List.of(allowed).contains(text)) {
            int last = allowed.length - 1;
            throw invalid(key, text, String.join(", ", Arrays.copyOf(allowed, last)) + " or " + allowed[last]);
        }
        return text;
    }

    /** Null = empty. */
    Path path(String key) throws InvalidException {
        String text = text(key).strip();
        try {
            return text.isEmpty() ? null : Path.of(text);
        } catch (InvalidPathException e) {
            throw invalid(key, text.replace("\0", "\\u0000"), "the path of a file");
        }
    }

    /** Lines {@code name=value}. */
    List<UserProperty> userProperties(String key) throws InvalidException {
        List<UserProperty> all = new ArrayList<>();
        for (String line : texts(key)) {
            int equals = line.indexOf('=');
            if (equals < 0) {
                // it may be a secret
                throw new InvalidException(key + ": a line is not allowed; allowed: name=value in each line");
            }
            try {
                all.add(new UserProperty(line.substring(0, equals), line.substring(equals + 1)));
            } catch (IllegalArgumentException e) {
                throw new InvalidException(key + ": " + e.getMessage());
            }
        }
        return all;
    }

    static InvalidException invalid(String key, Object value, String allowed) {
        String shown = String.valueOf(value);
        if (key.equals("proxy") || key.equals("brokers")) {
            shown = LOGIN.matcher(shown).replaceFirst("$1…@");
        }
        return new InvalidException(key + ": \"" + shown + "\" is not allowed; allowed: " + allowed);
    }
}
