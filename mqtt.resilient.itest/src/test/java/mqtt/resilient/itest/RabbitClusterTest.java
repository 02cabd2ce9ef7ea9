package mqtt.resilient.itest;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A cluster of three whose nodes are killed one after the other, and one is frozen, while messages flow. */
@Tag("full")
@Timeout(900)
class RabbitClusterTest {
    private static final boolean FULL = Boolean.getBoolean("tests.full");
    private static final int CLIENTS = FULL ? 6 : 3;
    /** In full with the response time that users have; otherwise nobody waits for so long. */
    private static final Map<String, Object> KEYS = Map.of("brokers.cluster", true, "protocol", "3.1.1",
            "response.seconds", FULL ? 10 : 3);

    @TempDir
    Path directory;
    private RabbitCluster cluster;

    @BeforeEach
    void start() throws Exception {
        RabbitCluster.assumeInstalled();
        cluster = new RabbitCluster(directory);
    }

    @AfterEach
    void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void nothingIsLostWhileNodesAreKilledAndFrozenAndEveryClientFindsOneThatServes() throws Exception {
        try (Traffic traffic = new Traffic(directory.resolve("stores"), cluster.uris(), CLIENTS, KEYS)) {
            for (int node = 0; node < (FULL ? RabbitCluster.NODES : 1); node++) {
                killAndRestart(node, traffic);
            }
            int frozen = cluster.uris().indexOf(traffic.busiest());
            cluster.freeze(frozen);
            traffic.awaitServed("node " + frozen + " is frozen", others(frozen));
            cluster.thaw(frozen);
            traffic.awaitServed("node " + frozen + " goes on", cluster.uris());
            if (FULL) {
                killAndRestart(frozen, traffic); // what an operator does: the others may have left it out
            }
            traffic.finish();
        }
    }

    private void killAndRestart(int node, Traffic traffic) {
        cluster.kill(node);
        traffic.awaitServed("node " + node + " is killed", others(node));
        cluster.restart(node);
        traffic.awaitServed("node " + node + " is back", cluster.uris());
    }

    private List<String> others(int node) {
        List<String> others = new ArrayList<>(cluster.uris());
        others.remove(node);
        return others;
    }
}
