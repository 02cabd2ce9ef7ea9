package mqtt.resilient.itest;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A primary that is killed and comes back, and its backup, while messages flow. */
@Tag("full")
@Timeout(900)
class ArtemisPairTest {
    private static final boolean FULL = Boolean.getBoolean("tests.full");
    private static final int CLIENTS = FULL ? 6 : 2;

    @TempDir
    Path directory;
    private ArtemisPair pair;

    @BeforeEach
    void start() {
        pair = new ArtemisPair(directory);
    }

    @AfterEach
    void stop() {
        pair.close();
    }

    static Stream<String> protocols() {
        return FULL ? Stream.of("5", "3.1.1") : Stream.of("5");
    }

    @ParameterizedTest(name = "MQTT {0}")
    @MethodSource("protocols")
    void nothingIsLostWhileThePrimaryIsKilledAndComesBackAndEveryClientFollows(String protocol) throws Exception {
        Map<String, Object> keys = Map.of("brokers.cluster", true, "protocol", protocol, "backoff.max.seconds", 10);
        try (Traffic traffic = new Traffic(directory.resolve("stores"), List.of(pair.primary(), pair.backup()), CLIENTS,
                keys)) {
            for (int time = 1; time <= (FULL ? 2 : 1); time++) {
                pair.killPrimary();
                traffic.awaitServed("the primary is killed, time " + time, List.of(pair.backup()));
                pair.startPrimary();
                traffic.awaitServed("the primary is back, time " + time, List.of(pair.primary()));
            }
            traffic.finish();
        }
    }
}
