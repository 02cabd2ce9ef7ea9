package mqtt.resilient.impl.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.impl.environment.SafeQueue;
import org.junit.jupiter.api.Test;

/** A queue that holds what it was given, in order, whatever its size was before. */
class SafeQueueTest {
    private final SafeQueue<Integer> queue = new SafeQueue<>();

    @Test
    void whatGoesInComesOutInOrderWhileItGrowsAndShrinks() {
        int in = 0;
        int out = 0;
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i < 1 << round % 13; i++) {
                queue.add(in++);
            }
            while (queue.size() > round % 3) {
                assertEquals(out++, queue.poll());
            }
        }
        assertEquals(in - out, queue.size());
    }

    @Test
    void theFrontTakesWhatComesBack() {
        for (int i = 0; i < 8; i++) {
            queue.add(i);
        }
        queue.addFirst(-1);
        assertEquals(9, queue.size());
        assertEquals(-1, queue.peek());
        assertEquals(2, queue.removeFirst(each -> each > 1));
        assertNull(queue.removeFirst(each -> each > 100));
        queue.removeIf(each -> each > 3);
        assertEquals(List.of(-1, 0, 1, 3), new ArrayList<>(queue.view()));
        queue.clear();
        assertTrue(queue.isEmpty());
    }
}
