package mqtt.resilient.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A thousand clients on one loop. What it costs is measured by {@link Fleet}; here only that it works. */
@Timeout(300)
class FleetTest {
    private static final int CLIENTS = 1000;
    // io, network, host, complete, store; resolve 1 to 4, of which one does for one name
    private static final int THREADS = 9;

    @Test
    void aThousandClientsLiveOnAHandfulOfThreadsAndComeBackSpreadOverTimeWhenTheirBrokerDoes()
            throws IOException {
        try (Fleet fleet = new Fleet()) {
            fleet.startBroker();
            fleet.start(CLIENTS);
            fleet.awaitOnline(CLIENTS);
            assertTrue(fleet.threads().size() <= THREADS, () -> fleet.threads().toString());
            fleet.restartBroker();
            fleet.awaitOnline(CLIENTS);
            assertEquals(CLIENTS, fleet.online());
            Map<Long, Integer> histogram = fleet.histogram();
            assertTrue(histogram.size() >= 3, () -> "the attempts are not spread: " + histogram);
            assertTrue(fleet.threads().size() <= THREADS, () -> fleet.threads().toString());
        }
    }
}
