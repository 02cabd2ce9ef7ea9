package mqtt.resilient.kura.store;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import mqtt.resilient.api.Durability;

/**
 * A configuration of the store. Values may have any type that can be read as the one that is meant.
 *
 * @param durability what a stored message survives
 * @param directory where the journals are
 * @param maxMessages of one store
 * @param maxBytes of one store
 */
record StoreSettings(Durability durability, Path directory, long maxMessages, long maxBytes) {
    /**
     * Reads a configuration.
     *
     * @param dataDirectory Kura's, for an empty directory; null = not known
     * @throws IllegalArgumentException names the key, the value and what is allowed
     */
    static StoreSettings read(Map<String, ?> properties, String dataDirectory) {
        String store = text(properties, "store", "power");
        if (!store.matches("power|process")) {
            throw invalid("store", store, "power or process");
        }
        String directory = text(properties, "store.directory", "");
        if (directory.isEmpty() && (dataDirectory == null || dataDirectory.isBlank())) {
            throw invalid("store.directory", "", "the path of a directory, because Kura's data directory is not known");
        }
        try {
            return new StoreSettings(store.equals("power") ? Durability.POWER : Durability.PROCESS,
                    directory.isEmpty() ? Path.of(dataDirectory, "mqtt.resilient", "messages") : Path.of(directory),
                    number(properties, "store.max.messages", 100_000, 1, 10_000_000),
                    number(properties, "store.max.bytes", 268_435_456, 1024, Long.MAX_VALUE / 4));
        } catch (InvalidPathException e) {
            throw invalid("store.directory", directory.replace("\0", "\\u0000"), "the path of a directory");
        }
    }

    /** Whether stores that are open can go on with other settings. */
    boolean isSamePlace(StoreSettings other) {
        return directory.equals(other.directory) && durability == other.durability;
    }

    private static String text(Map<String, ?> properties, String key, String other) {
        Object value = properties.get(key);
        return value == null ? other : value.toString().strip();
    }

    private static long number(Map<String, ?> properties, String key, long other, long least, long most) {
        String text = text(properties, key, String.valueOf(other));
        if (text.matches("[0-9]{1,18}") && Long.parseLong(text) >= least && Long.parseLong(text) <= most) {
            return Long.parseLong(text);
        }
        throw invalid(key, text, "a whole number from " + least + " to " + most);
    }

    private static IllegalArgumentException invalid(String key, String value, String allowed) {
        return new IllegalArgumentException(key + ": \"" + value + "\" is not allowed; allowed: " + allowed);
    }
}
