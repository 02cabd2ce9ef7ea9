package mqtt.resilient.itest;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionListener;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.ResilientMqttClient;

/** Keeps every change of a connection. */
final class Statuses implements ConnectionListener {
    private final List<ClientStatus> statuses = new ArrayList<>();

    /** Hears of every change of a client from now on; the first status is the present one. */
    static Statuses of(ResilientMqttClient client) {
        Statuses statuses = new Statuses();
        client.addConnectionListener(statuses);
        Await.until("the present status", () -> !statuses.all().isEmpty());
        return statuses;
    }

    @Override
    public void onChange(ClientStatus status) {
        synchronized (statuses) {
            statuses.add(status);
        }
    }

    List<ClientStatus> all() {
        synchronized (statuses) {
            return List.copyOf(statuses);
        }
    }

    List<ConnectionState> states() {
        return all().stream().map(ClientStatus::state).toList();
    }

    /** {@return the first status that fits, as soon as it is there} */
    ClientStatus await(String description, Predicate<ClientStatus> fits) {
        try {
            Await.until(description, () -> all().stream().anyMatch(fits));
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "; there are " + all(), e);
        }
        return all().stream().filter(fits).findFirst().orElseThrow();
    }

    long times(ConnectionState state) {
        return states().stream().filter(state::equals).count();
    }
}
