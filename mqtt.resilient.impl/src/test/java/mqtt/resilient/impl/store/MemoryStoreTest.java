package mqtt.resilient.impl.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.session.Outgoing;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The never-sent messages, compared with a plain list. */
class MemoryStoreTest {

    private static Outgoing message(long id, int lane) {
        return new Outgoing(id, Message.to("t").lane(lane).build(), 0);
    }

    @Property(tries = 300)
    void itBehavesLikeAListPerLane(@ForAll Random random, @ForAll @IntRange(min = 1, max = 400) int steps,
            @ForAll @IntRange(min = 1, max = 9) int appetite) {
        MemoryStore store = new MemoryStore();
        List<List<Outgoing>> model = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(),
                new ArrayList<>());
        long id = 0;
        for (int i = 0; i < steps; i++) {
            int lane = random.nextInt(4);
            List<Outgoing> queue = model.get(lane);
            if (random.nextInt(10) < appetite) {
                Outgoing message = message(++id, lane);
                store.append(message);
                queue.add(message);
            } else {
                switch (random.nextInt(5)) {
                    case 0 -> {
                        Outgoing next = store.next(lane);
                        assertSame(queue.isEmpty() ? null : queue.get(0), next);
                        if (next != null) {
                            store.sent(next);
                            queue.remove(0).end();
                        }
                    }
                    case 1 -> {
                        long wanted = 1 + random.nextLong(id + 2);
                        Outgoing found = find(store, wanted);
                        assertSame(find(model, wanted), found);
                        if (found != null) {
                            store.remove(found);
                            model.forEach(each -> each.remove(found));
                            found.end();
                        }
                    }
                    case 2 -> {
                        Outgoing oldest = store.removeOldest(lane);
                        assertSame(queue.isEmpty() ? null : queue.remove(0), oldest);
                        if (oldest != null) {
                            oldest.end();
                        }
                    }
                    case 3 -> {
                        Outgoing oldest = store.removeOldest();
                        Outgoing expected = null;
                        for (int each = 3; each >= 0 && expected == null; each--) {
                            expected = model.get(each).isEmpty() ? null : model.get(each).remove(0);
                        }
                        assertSame(expected, oldest);
                        if (oldest != null) {
                            oldest.end();
                        }
                    }
                    default -> {
                        int divisor = 1 + random.nextInt(5);
                        store.visitSome(each -> {
                            assertTrue(each.isQueued());
                            if (each.id() % divisor == 0) {
                                store.remove(each);
                                model.get(each.lane()).remove(each);
                                each.end();
                            }
                        });
                    }
                }
            }
            assertEquals(model.stream().mapToInt(List::size).sum(), store.queued());
            for (int each = 0; each < 4; each++) {
                assertSame(model.get(each).isEmpty() ? null : model.get(each).get(0), store.next(each));
            }
            long some = 1 + random.nextLong(id + 1);
            assertSame(find(model, some), find(store, some));
        }
    }

    private static Outgoing find(MemoryStore store, long id) {
        Outgoing[] found = new Outgoing[1];
        store.find(id, message -> found[0] = message);
        return found[0];
    }

    private static Outgoing remove(MemoryStore store, long id) {
        Outgoing found = find(store, id);
        store.remove(found);
        return found;
    }

    private static Outgoing find(List<List<Outgoing>> model, long id) {
        return model.stream().flatMap(List::stream).filter(message -> message.id() == id).findFirst().orElse(null);
    }

    @Property(tries = 60)
    void everyMessageComesByWithinEightVisits(@ForAll Random random, @ForAll @IntRange(min = 1, max = 30_000) int count,
            @ForAll @IntRange(min = 1, max = 20) int kept) {
        MemoryStore store = new MemoryStore();
        Set<Long> present = new HashSet<>();
        for (long id = 1; id <= count; id++) {
            store.append(message(id, random.nextInt(4)));
            present.add(id);
        }
        for (long id = 1; id <= count; id++) { // holes
            if (random.nextInt(20) >= kept) {
                remove(store, id).end();
                present.remove(id);
            }
        }
        for (int visit = 0; visit < 8; visit++) {
            store.visitSome(message -> present.remove(message.id()));
        }
        assertEquals(Set.of(), present.size() > 10 ? Set.of(present.size()) : present);
    }

    @Example
    void everyVisitedMessageMayBeRemoved() {
        for (int count : new int[] { 1, 2, 3, 15, 16, 17, 100, 5000 }) {
            MemoryStore store = new MemoryStore();
            for (long id = 1; id <= count; id++) {
                store.append(message(id, (int) (id % 4)));
            }
            for (int visit = 0; visit < 8; visit++) {
                store.visitSome(message -> remove(store, message.id()).end());
            }
            assertEquals(0, store.queued(), "of " + count);
            assertNull(store.next(2));
            store.append(message(count + 1, 2));
            assertEquals(count + 1, store.next(2).id());
        }
    }

    @Example
    void aBacklogOfManyMessagesIsTakenOutInOrderFromTheMiddleToo() {
        MemoryStore store = new MemoryStore();
        int count = 100_000;
        for (long id = 1; id <= count; id++) {
            store.append(message(id, 2));
        }
        for (long id = 2; id <= count; id += 2) {
            Outgoing removed = remove(store, id);
            assertEquals(id, removed.id());
            removed.end();
            assertNull(find(store, id));
        }
        for (long id = 1; id <= count; id += 2) {
            Outgoing next = store.next(2);
            assertEquals(id, next.id());
            store.sent(next);
            next.end();
        }
        assertEquals(0, store.queued());
    }
}
