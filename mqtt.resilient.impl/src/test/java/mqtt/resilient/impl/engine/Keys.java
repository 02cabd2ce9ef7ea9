package mqtt.resilient.impl.engine;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import mqtt.resilient.impl.client.ClientSettings;
import mqtt.resilient.impl.session.StoreSettings;

/** The settings of clients under test, from the keys that users have. */
public final class Keys {
    /** What differs from the shipped defaults. */
    private static final Map<String, Object> OF_TESTS = Map.of("brokers", "mqtt://broker", "client.id", "c", "protocol",
            "3.1.1", "store", "memory");

    private Keys() {
    }

    /** The settings by the shipped defaults, those of tests, and these keys; null as a value = the shipped default. */
    public static ClientSettings settings(Object... keysAndValues) {
        Map<String, Object> all = new HashMap<>(OF_TESTS);
        for (int i = 0; i < keysAndValues.length; i += 2) {
            all.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        try {
            Configuration configuration = new Configuration(all);
            if (!configuration.unknownKeys().equals(Set.of())) {
                throw new IllegalArgumentException("unknown keys: " + configuration.unknownKeys());
            }
            return configuration.settings(configuration.clientId(), "store");
        } catch (Configuration.InvalidException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** The same with a store as no key makes it, such as one with small segments. */
    public static ClientSettings stored(StoreSettings store, Object... keysAndValues) {
        List<Object> all = new ArrayList<>(List.of("store", store.durability().name().toLowerCase(Locale.ROOT)));
        Collections.addAll(all, keysAndValues);
        return with(settings(all.toArray()), "store", store);
    }

    /** A copy of a record with other values, which no key may allow: shorter times, smaller files. */
    public static <R extends Record> R with(R record, Object... componentsAndValues) {
        RecordComponent[] components = record.getClass().getRecordComponents();
        Class<?>[] types = Stream.of(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        Object[] values = new Object[components.length];
        List<Object> others = List.of(componentsAndValues);
        try {
            for (int i = 0; i < components.length; i++) {
                int other = others.indexOf(components[i].getName());
                values[i] = other < 0 ? components[i].getAccessor().invoke(record) : others.get(other + 1);
            }
            @SuppressWarnings("unchecked")
            R copy = (R) record.getClass().getDeclaredConstructor(types).newInstance(values);
            return copy;
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
