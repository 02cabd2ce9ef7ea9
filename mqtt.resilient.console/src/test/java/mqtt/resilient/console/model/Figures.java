package mqtt.resilient.console.model;

import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.StoreHealth;

/** States and figures for tests. */
public final class Figures {
    public static final Instant NOW = Instant.parse("2026-03-01T03:00:00Z");

    private Figures() {
    }

    /** Figures that are zero but for some. */
    public static ClientMetrics metrics(Map<String, Long> some) {
        RecordComponent[] components = ClientMetrics.class.getRecordComponents();
        try {
            Object[] values = Stream.of(components).map(each -> each.getType() == int.class
                    ? (Object) some.getOrDefault(each.getName(), 0L).intValue() : some.getOrDefault(each.getName(), 0L))
                    .toArray();
            return ClientMetrics.class.getDeclaredConstructor(Stream.of(components).map(RecordComponent::getType)
                    .toArray(Class<?>[]::new)).newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A state of two minutes before {@link #NOW}. */
    public static ClientStatus status(ConnectionState state, String reason, Duration next) {
        return status(state, reason, next, "", StoreHealth.OK, "");
    }

    /** A state that has lasted since some time. */
    public static ClientStatus status(ConnectionState state, Instant since) {
        return status(state, since, state.name(), Duration.ZERO, "", StoreHealth.OK, "");
    }

    public static ClientStatus status(ConnectionState state, String reason, Duration next, String error,
            StoreHealth store,
            String storeReason) {
        return status(state, NOW.minusSeconds(125), reason, next, error, store, storeReason);
    }

    private static ClientStatus status(ConnectionState state, Instant since, String reason, Duration next, String error,
            StoreHealth store, String storeReason) {
        return new ClientStatus("plant", state, since, reason, "mqtt://10.0.0.5:1883", "plant-1", "5",
                state == ConnectionState.ONLINE ? 0 : 4, next, true, error, 0, BrokerLimits.NONE, store, storeReason,
                List.of());
    }
}
