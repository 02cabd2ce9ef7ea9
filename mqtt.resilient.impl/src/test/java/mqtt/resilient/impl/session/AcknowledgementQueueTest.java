package mqtt.resilient.impl.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Acknowledgements leave in order. */
class AcknowledgementQueueTest {

    /** An id = add, 0 = take the first, 70,000 and more = forget all. */
    @Property(tries = 500)
    void itBehavesLikeAQueue(@ForAll @Size(max = 200) List<@IntRange(max = 71_000) Integer> steps) {
        AcknowledgementQueue queue = new AcknowledgementQueue();
        ArrayDeque<Integer> model = new ArrayDeque<>();
        for (int step : steps) {
            if (step >= 70_000) {
                queue.clear();
                model.clear();
            } else if (step % 3 == 0) {
                if (!model.isEmpty()) {
                    queue.remove();
                    model.remove();
                }
            } else if (step <= 65_535) {
                queue.add(4 + step % 4, step);
                model.add(step);
            }
            assertEquals(model.isEmpty(), queue.isEmpty());
            if (!model.isEmpty()) {
                assertEquals(model.peek(), queue.packetId());
                assertEquals(4 + model.peek() % 4, queue.type());
            }
        }
        while (!model.isEmpty()) {
            assertEquals(model.remove(), queue.packetId());
            queue.remove();
        }
        assertTrue(queue.isEmpty());
    }
}
