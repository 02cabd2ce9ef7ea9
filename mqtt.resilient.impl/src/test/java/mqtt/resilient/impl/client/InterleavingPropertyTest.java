package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.impl.world.ModelBroker;
import mqtt.resilient.impl.world.ModelBroker.Out;
import mqtt.resilient.impl.world.World;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/**
 * Publishes, acknowledgements, losses, reconfigurations and time in any order, against a strict model of a broker.
 * Whatever happens: every accepted message ends once and the sum is right; nothing is lost or doubled beyond its QoS;
 * the window, the ids and the order are kept (the model broker checks them); and when the faults stop, everything comes
 * to rest.
 */
class InterleavingPropertyTest {

    @Property(tries = 250)
    void theSumIsAlwaysRight(@ForAll @Size(min = 20, max = 250) List<@IntRange(max = 1_000_000) Integer> steps) {
        Run run = new Run();
        for (int step : steps) {
            run.step(step % 100, step / 100);
            run.check();
        }
        run.comeToRest();
        run.checkTheEnd();
    }

    private static final class Run {
        private ModelBroker broker;
        private final World world;
        private final List<Publication> publications = new ArrayList<>();
        private final Map<Long, Message> messages = new HashMap<>();
        private final Map<Long, Integer> ends = new HashMap<>();
        private final List<Out> sent = new ArrayList<>();
        private final Map<Integer, Integer> handed = new HashMap<>();
        private final Map<Integer, Integer> finished = new HashMap<>();
        private final ArrayDeque<ReceivedMessage> handles = new ArrayDeque<>();
        private final Map<String, ArrayDeque<ClientSubscription>> wanted = new TreeMap<>();
        private int failures;
        private long rejected;
        private boolean paused;
        private int window = 8;
        private int keepAlive = 60;
        private int rate;
        private boolean dropOldest;
        private int storeMessages;
        private boolean qos0Offline;
        private String user = "u";

        Run() {
            world = World.on(scheduler -> {
                broker = new ModelBroker(scheduler);
                return broker;
            }, "inflight.max", 8, "user", "u");
            broker.window(8);
            broker.givenUp(number -> world.client.publisher().outcome(number).kind() == Kind.DEAD_LETTERED);
            broker.confirmed(out -> assertTrue(finished.getOrDefault(out.number, 0) > 0
                    || world.events.stream().anyMatch(event -> event.startsWith("dead letter ")),
                    "acknowledged before its listener was done: " + out.number));
            world.client.subscriber().subscribe("in/#", 2,
                    world.client.subscriber().queue(this::automatic, "automatic", false));
            world.client.subscriber().subscribe("man/#", 2,
                    world.client.subscriber().queue(this::manual, "manual", true));
            world.scheduler.run();
            comeOnline();
            broker.begins();
        }

        private void comeOnline() {
            for (int i = 0; i < 10; i++) {
                broker.reads(100);
                drainAcknowledgements();
                broker.clientReads(100);
            }
        }

        private void automatic(ReceivedMessage message) {
            int number = Integer.parseInt(new String(message.payload(), StandardCharsets.UTF_8));
            if (failures > 0) {
                failures--;
                throw new IllegalStateException("told to fail on " + number);
            }
            handed.merge(number, 1, Integer::sum);
            finished.merge(number, 1, Integer::sum);
        }

        private void manual(ReceivedMessage message) {
            int number = Integer.parseInt(new String(message.payload(), StandardCharsets.UTF_8));
            handed.merge(number, 1, Integer::sum);
            handles.add(message);
        }

        private void acknowledgeOne(int which) {
            if (!handles.isEmpty()) {
                for (int i = which % handles.size(); i > 0; i--) {
                    handles.add(handles.remove());
                }
                ReceivedMessage message = handles.remove();
                finished.merge(Integer.parseInt(new String(message.payload(), StandardCharsets.UTF_8)), 1,
                        Integer::sum);
                message.acknowledge();
                world.scheduler.run();
            }
        }

        void step(int kind, int argument) {
            if (kind < 18) {
                publish(argument);
            } else if (kind < 20) {
                for (int i = 0; i < 15; i++) {
                    publish(argument + i);
                }
            } else if (kind < 22) {
                if (!publications.isEmpty()) {
                    publications.get(publications.size() - 1 - argument % Math.min(20, publications.size())).cancel();
                }
            } else if (kind < 36) {
                broker.reads(1 + argument % 8);
            } else if (kind < 50) {
                for (int i = argument % 4; i >= 0; i--) {
                    broker.acknowledges(argument / 4 + i);
                }
            } else if (kind < 64) {
                broker.clientReads(1 + argument % 8);
            } else if (kind < 70) {
                Out out = broker.publishes("c", argument % 2 == 0 ? "in/x" : "man/x", argument / 2 % 3);
                if (out != null) {
                    sent.add(out);
                }
            } else if (kind < 74) {
                acknowledgeOne(argument);
            } else if (kind < 76) {
                world.listenersAreStuck(argument % 3 > 0);
                world.runOneStuckListener();
            } else if (kind < 77) {
                failures = argument % 4;
            } else if (kind < 85) {
                long[] millis = { 50, 300, 1000, 1000, 3000, 12_000, 30_000, 90_000 };
                world.scheduler.advance(Duration.ofMillis(millis[argument % millis.length]));
            } else if (kind < 89) {
                subscribeOrClose(argument);
            } else if (kind < 91) {
                if (argument % 10 == 2) {
                    hangUpAgainAndAgain();
                } else {
                    broker.breaks(argument % 2 == 0);
                }
            } else if (kind < 92) {
                broker.losesSessions();
            } else if (kind < 93) {
                broker.refuses(argument % 3 > 0);
            } else if (kind < 94) {
                broker.stalls(argument % 3 > 0);
            } else if (kind < 95) {
                broker.refusesSubscriptions(argument % 2 == 0);
            } else if (kind < 98) {
                reconfigure(argument);
            } else {
                switch (argument % 4) {
                    case 0 -> {
                        world.client.connector().disconnect();
                        paused = true;
                    }
                    case 1, 2 -> {
                        world.client.connector().connect();
                        paused = false;
                    }
                    default -> world.client.connector().reconnect();
                }
            }
            world.scheduler.run();
        }

        /** As a broker does that does not like a message. */
        private void hangUpAgainAndAgain() {
            for (int i = 0; i < 7; i++) {
                for (int seconds = 0; seconds < 90 && !broker.isConnected(); seconds++) {
                    broker.reads(1);
                    broker.clientReads(1);
                    world.scheduler.advance(Duration.ofSeconds(1));
                }
                broker.clientReads(1);
                broker.reads(100);
                broker.breaks(true);
            }
        }

        private void publish(int argument) {
            int lane = argument % 11 == 0 ? 0 : 1 + argument % 3;
            int qos = argument / 3 % 5 == 0 ? 0 : 1 + argument / 15 % 2;
            long next = world.client.metrics().accepted() + 1;
            Message.Builder builder = Message.to("l" + lane).lane(lane).qos(Qos.of(qos)).payload("" + next);
            if (argument % 13 == 0) {
                builder.expiresAfter(Duration.ofSeconds(1 + argument % 40));
            }
            Message message = builder.build();
            Publication publication = world.client.publisher().publish(message);
            if (publication.id() == 0) {
                rejected++;
                return;
            }
            assertEquals(next, publication.id());
            publications.add(publication);
            messages.put(publication.id(), message);
            publication.delivered().thenAccept(outcome -> ends.merge(publication.id(), 1, Integer::sum));
        }

        private void subscribeOrClose(int argument) {
            String filter = "f" + argument % 4;
            ArrayDeque<ClientSubscription> open = wanted.computeIfAbsent(filter, key -> new ArrayDeque<>());
            if (open.isEmpty() || argument / 4 % 3 == 0) {
                open.add(world.client.subscriber().subscribe(filter, argument / 12 % 3,
                        world.client.subscriber().queue(message -> {}, "f", false)));
            } else {
                open.remove().close();
            }
        }

        private void reconfigure(int argument) {
            switch (argument % 7) {
                case 0 -> window = 2 + argument / 7 % 20;
                case 1 -> keepAlive = 20 + argument / 7 % 3 * 20;
                case 2 -> rate = argument / 7 % 2 * 5;
                case 3 -> dropOldest = !dropOldest;
                case 4 -> storeMessages = argument / 7 % 2 * 30;
                case 5 -> qos0Offline = !qos0Offline;
                default -> user = user.equals("u") ? "v" : "u";
            }
            broker.window(window);
            world.reconfigure("inflight.max", window, "keepalive.seconds", keepAlive, "rate.messages", rate,
                    "rate.burst", 3, "store.overflow", dropOldest ? "drop-oldest" : "reject",
                    "store.max.messages", storeMessages, "qos0.offline", qos0Offline, "user", user);
        }

        void check() {
            broker.checkKeepalive();
            ClientMetrics metrics = world.client.metrics();
            assertEquals(publications.size(), metrics.accepted());
            assertEquals(metrics.accepted(), ended(metrics) + metrics.pending());
            assertEquals(rejected, metrics.rejected());
        }

        private static long ended(ClientMetrics metrics) {
            return metrics.delivered() + metrics.expired() + metrics.cancelled() + metrics.refused()
                    + metrics.deadLettered() + metrics.dropped() + metrics.closed();
        }

        private void drainAcknowledgements() {
            while (broker.hasAcknowledgementsDue()) {
                broker.acknowledges(0);
            }
        }

        /** The faults stop; everybody does all that is pending. */
        void comeToRest() {
            broker.refuses(false);
            broker.stalls(false);
            broker.refusesSubscriptions(false);
            failures = 0;
            world.listenersAreStuck(false);
            world.client.connector().connect();
            paused = false;
            broker.breaks(false); // refused subscriptions are asked for again
            for (int seconds = 0; seconds < 3600; seconds++) {
                broker.reads(1000);
                drainAcknowledgements();
                broker.clientReads(1000);
                while (!handles.isEmpty()) {
                    acknowledgeOne(0);
                }
                world.scheduler.run();
                if (seconds > 5 && broker.isQuiet() && world.client.metrics().pending() == 0
                        && world.client.connector().isConnected()
                        && subscriptionsAreRight() && world.client.metrics().unhandled() == 0) {
                    return;
                }
                world.scheduler.advance(Duration.ofSeconds(1));
                broker.checkKeepalive();
            }
            throw new AssertionError("it does not come to rest: " + world.client.metrics() + " " + world.client.status()
                    + " quiet " + broker.isQuiet() + " broker has " + broker.subscriptions("c") + " wanted " + wanted);
        }

        private boolean subscriptionsAreRight() {
            TreeMap<String, Boolean> expected = new TreeMap<>(Map.of("in/#", true, "man/#", true));
            wanted.forEach((filter, open) -> {
                if (!open.isEmpty()) {
                    expected.put(filter, true);
                }
            });
            return broker.subscriptions("c").keySet().equals(expected.keySet());
        }

        void checkTheEnd() {
            check();
            ClientMetrics metrics = world.client.metrics();
            Map<Kind, Long> kinds = new HashMap<>();
            for (Publication publication : publications) {
                long id = publication.id();
                Outcome outcome = world.client.publisher().outcome(id);
                kinds.merge(outcome.kind(), 1L, Long::sum);
                assertEquals(1, ends.get(id), "ends of " + id);
                int accepted = broker.accepted.getOrDefault(id, 0);
                switch (messages.get(id).qos()) {
                    case AT_MOST_ONCE -> assertTrue(accepted <= 1, () -> id + " QoS 0 arrived " + accepted + " times");
                    case AT_LEAST_ONCE -> assertTrue(accepted >= 1 || outcome.kind() != Kind.DELIVERED,
                            () -> id + " is lost");
                    default -> {
                        assertTrue(accepted >= 1 || outcome.kind() != Kind.DELIVERED, () -> id + " is lost");
                        assertTrue(accepted <= 1 + broker.sessionsLost(), () -> id + " arrived " + accepted
                                + " times, sessions lost " + broker.sessionsLost());
                    }
                }
                if (outcome.kind() == Kind.EXPIRED || outcome.kind() == Kind.CANCELLED
                        || outcome.kind() == Kind.DROPPED && messages.get(id).qos() != Qos.AT_MOST_ONCE) {
                    assertEquals(0, accepted, () -> id + " is " + outcome + " and arrived all the same");
                }
            }
            assertEquals(metrics.delivered(), kinds.getOrDefault(Kind.DELIVERED, 0L));
            assertEquals(metrics.expired(), kinds.getOrDefault(Kind.EXPIRED, 0L));
            assertEquals(metrics.cancelled(), kinds.getOrDefault(Kind.CANCELLED, 0L));
            assertEquals(metrics.dropped(), kinds.getOrDefault(Kind.DROPPED, 0L));
            assertEquals(metrics.deadLettered(), kinds.getOrDefault(Kind.DEAD_LETTERED, 0L));
            assertEquals(0, metrics.closed() + metrics.refused() + metrics.inFlight() + metrics.unhandled());
            long deadLettered = world.events.stream().filter(event -> event.startsWith("dead letter ")).count();
            long missing = 0;
            for (Out out : sent) {
                int times = handed.getOrDefault(out.number, 0);
                if (out.qos != 1) {
                    assertTrue(times <= 1, () -> "QoS " + out.qos + " message " + out.number + " was handed over "
                            + times + " times");
                }
                missing += out.qos > 0 && !out.lost && times == 0 ? 1 : 0;
            }
            assertTrue(missing <= deadLettered,
                    missing + " messages never reached their listener, " + deadLettered + " dead-lettered");
        }
    }
}
