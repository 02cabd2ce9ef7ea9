package mqtt.resilient.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A process that is killed with SIGKILL while it publishes loses nothing that it was told is stored. More: bin/crash.
 */
@Tag("full")
@Timeout(600)
@Execution(ExecutionMode.CONCURRENT)
class CrashTest {
    private static final int ENOUGH = 100;
    private static final boolean FULL = Boolean.getBoolean("tests.full");

    @ParameterizedTest
    @CsvSource({ "power, 35", "process, 15" })
    void everyStoredMessageArrivesAfterEachKillAndQos2ExactlyOnce(String store, int kills) throws Exception {
        List<String> faults = new ArrayList<>();
        try (Crash crash = new Crash(store, System.nanoTime())) {
            for (int kill = 1; kill <= (FULL ? kills : kills / 5); kill++) {
                int number = kill;
                crash.cycle().forEach(fault -> faults.add("kill " + number + ": " + fault));
            }
            crash.deliverRest().forEach(fault -> faults.add("after the last kill: " + fault));
            assertEquals(List.of(), faults);
            assertTrue(crash.stored() > ENOUGH, "only " + crash.stored() + " messages were stored at all");
        }
    }
}
