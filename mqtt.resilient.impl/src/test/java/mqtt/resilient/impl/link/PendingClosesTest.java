package mqtt.resilient.impl.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What waits for connections to be closed is done in any case. */
class PendingClosesTest {
    private final List<String> done = new ArrayList<>();
    private int failures;

    private Runnable failing(String name, int times) {
        failures = times;
        return () -> {
            if (failures-- > 0) {
                throw new OutOfMemoryError("Java heap space");
            }
            done.add(name);
        };
    }

    @Test
    void whatFailsForWantOfHeapIsDoneByMending() {
        PendingCloses closes = new PendingCloses();
        Runnable closed = closes.add();
        closes.whenClosed(failing("gone", 1));
        closes.next(() -> done.add("next"));
        assertThrows(OutOfMemoryError.class, closed::run);
        closes.mend();
        closes.mend();
        assertEquals(List.of("gone", "next"), done);
    }

    @Test
    void whatComesNextIsNotLostEither() {
        PendingCloses closes = new PendingCloses();
        Runnable closed = closes.add();
        closes.next(failing("next", 2));
        assertThrows(OutOfMemoryError.class, closed::run);
        assertThrows(OutOfMemoryError.class, closes::mend);
        closes.mend();
        assertEquals(List.of("next"), done);
    }
}
