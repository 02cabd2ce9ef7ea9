package mqtt.resilient.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A process that has no heap, or gets no threads, for six seconds goes on by itself and loses nothing. More: bin/crash.
 */
@Tag("full")
@Timeout(900)
class ShortageTest {
    private static final int ROUNDS = Boolean.getBoolean("tests.full") ? 4 : 1;

    @ParameterizedTest
    @EnumSource(Shortage.Kind.class)
    void everythingAcceptedComesToItsEndAndTheClientIsAsItWas(Shortage.Kind kind) throws Exception {
        String why = kind == Shortage.Kind.THREADS ? Shortage.whyNoThreads() : null;
        assumeTrue(why == null, why);
        List<String> faults = new ArrayList<>();
        try (Shortage shortage = new Shortage(System.nanoTime())) {
            for (int i = 0; i < ROUNDS; i++) {
                faults.addAll(shortage.round(kind));
            }
        }
        assertEquals(List.of(), faults);
    }
}
