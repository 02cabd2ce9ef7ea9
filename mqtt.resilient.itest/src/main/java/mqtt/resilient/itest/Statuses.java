package mqtt.resilient.itest;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionListener;
import mqtt.resilient.api.ConnectionState;

/** Keeps every change of a connection. */
final class Statuses implements ConnectionListener {
    private final List<ClientStatus> statuses = new ArrayList<>();

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
