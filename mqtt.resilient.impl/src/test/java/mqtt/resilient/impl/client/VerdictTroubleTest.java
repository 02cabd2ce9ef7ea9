package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** Verdicts with strange brokers and strange traffic. */
class VerdictTroubleTest {
    private static final Predicate<String> ON_FORBIDDEN = packet -> packet.contains("forbidden");

    /** The broker serves for so long; the number of connections it closed. */
    private static int serveFor(World world, Predicate<String> closesOn, int seconds) {
        int closed = 0;
        long end = world.scheduler.nanoTime() + Duration.ofSeconds(seconds).toNanos();
        while (world.scheduler.nanoTime() < end) {
            if (world.broker.isConnected()) {
                closed += world.broker.answersUnless(closesOn) ? 1 : 0;
            }
            world.broker.after(Duration.ofMillis(500));
        }
        return closed;
    }

    @Test
    void aFilterThatIsAskedForAnewBehindAnotherOneWhenItsTurnHasComeHoldsNothingUp() {
        World world = World.connected();
        world.subscribe("forbidden/#", 1, message -> {});
        for (int i = 0; i < 6; i++) {
            world.broker.take("CONNECT");
            while (!world.broker.answersUnless(ON_FORBIDDEN)) {
                world.broker.after(Duration.ofMillis(500));
            }
            world.broker.awaitsClient();
        }
        serveFor(world, ON_FORBIDDEN, 14); // it is accused, and to be tried after 20 s
        Publication waits = world.publish("t", "1");
        String id = world.broker.take("PUBLISH").get(0).replaceAll(".* (id=[0-9]+).*", "$1");
        world.broker.idles(Duration.ofSeconds(8));
        var other = world.subscribe("a/b", 1, message -> {});
        world.subscribe("forbidden/#", 2, message -> {});
        world.broker.expectsNothing().sends("PUBACK " + id);
        Publication good = world.publish("t", "2");
        serveFor(world, ON_FORBIDDEN, 60);
        assertEquals(Kind.DELIVERED, world.outcome(waits));
        assertEquals(Kind.DELIVERED, world.outcome(good));
        assertTrue(other.granted().isGranted());
    }

    @Test
    void whileAlarmsFlowAForbiddenMessageCostsNoConnectionEveryFewSeconds() {
        World world = World.connected();
        world.publish("forbidden", "1");
        List<Publication> good = new ArrayList<>();
        int closed = 0;
        int late = 0;
        for (int second = 0; second < 3600; second += 2) {
            world.publish(Message.to("alarm").payload("!").lane(Message.LANE_ALARM).build());
            if (second % 6 == 0) {
                good.add(world.publish("t", "" + second));
            }
            int now = serveFor(world, ON_FORBIDDEN, 2);
            closed += now;
            late += second > 1800 ? now : 0;
        }
        assertTrue(late <= 62, late + " connections in half an hour");
    }

    @Test
    void withoutASessionWhatComesInIsSubscribedWhileAnAccusedMessageWaits() {
        World world = new World("session.expiry.seconds", 0);
        world.broker.accepts(false);
        world.subscribe("cmd", 1, message -> {});
        serveFor(world, ON_FORBIDDEN, 1);
        world.publish("forbidden", "1");
        boolean[] subscribed = new boolean[1];
        int without = 0;
        int online = 0;
        Predicate<String> broker = packet -> {
            subscribed[0] = packet.startsWith("CONNECT") ? false : subscribed[0] || packet.startsWith("SUBSCRIBE");
            return ON_FORBIDDEN.test(packet);
        };
        for (int second = 0; second < 600; second++) {
            if (second % 5 == 0) {
                world.publish("t", "" + second);
            }
            serveFor(world, broker, 1);
            online += world.broker.isConnected() ? 1 : 0;
            without += world.broker.isConnected() && !subscribed[0] ? 1 : 0;
        }
        assertEquals(1, world.client.metrics().deadLettered());
        assertTrue(without <= 10, without + " seconds without the subscription");
    }

    @Test
    void aBrokerThatClosesAtRandomMakesHardlyAnyDeadLetter() {
        long dead = 0;
        StringBuilder text = new StringBuilder();
        for (int percent : new int[] { 20, 50, 80 }) {
            for (int every : new int[] { 2, 5, 20 }) {
                int here = 0;
                for (int seed = 0; seed < 8; seed++) {
                    World world = World.connected();
                    Random random = new Random(seed);
                    Predicate<String> shared = packet -> packet.startsWith("PUBLISH")
                            && random.nextInt(100) < percent;
                    for (int i = 0; i < 3600 / every; i++) {
                        world.publish("t" + i % 3, "" + i);
                        serveFor(world, shared, every);
                    }
                    here += world.client.metrics().deadLettered();
                }
                text.append(percent + "% every " + every + " s: " + here + "\n");
                dead += here;
            }
        }
        assertTrue(dead <= 2, text.toString());
    }

    @Test
    void aBrokerThatTakesSoManyInEachFixedWindowMakesNoDeadLetter() {
        StringBuilder text = new StringBuilder();
        for (int most : new int[] { 1, 2, 5 }) {
            for (int window : new int[] { 20, 60, 90, 300 }) {
                for (int every : new int[] { 2, 7, 20, 45, 100 }) {
                    World world = World.connected();
                    long[] used = { 0, 0 };
                    Predicate<String> quota = packet -> {
                        long number = world.scheduler.nanoTime() / Duration.ofSeconds(window).toNanos();
                        if (used[0] != number) {
                            used[0] = number;
                            used[1] = 0;
                        }
                        return packet.startsWith("PUBLISH") && used[1]++ >= most;
                    };
                    for (int i = 0; i < 3600 / every; i++) {
                        world.publish("t" + i % 3, "" + i);
                        serveFor(world, quota, every);
                    }
                    if (world.client.metrics().deadLettered() > 0) {
                        text.append(most + " in " + window + " s, one every " + every + " s: "
                                + world.client.metrics().deadLettered() + "\n");
                    }
                }
            }
        }
        assertEquals("", text.toString());
    }

    @Test
    void aForbiddenMessageIsFoundHoweverRareTheOthersAre() {
        StringBuilder text = new StringBuilder();
        for (int every : new int[] { 1, 15, 30, 45, 61, 90, 120, 300, 601, 1200 }) {
            for (int qos = 1; qos <= 2; qos++) {
                World world = World.connected();
                Publication guilty = world.publish("forbidden", "1", qos);
                int closed = 0;
                int i = 0;
                for (; i < 12 * 3600 / every && world.outcome(guilty) == Kind.PENDING; i++) {
                    world.publish("t", "" + i, qos);
                    closed += serveFor(world, ON_FORBIDDEN, every);
                }
                text.append("every " + every + " s, QoS " + qos + ": " + world.outcome(guilty) + " after "
                        + i * every + " s, " + closed + " connections\n");
            }
        }
        assertFalse(text.toString().contains("PENDING"), text.toString());
    }

    @Test
    void aForbiddenMessageIsFoundBehindABirthMessage() {
        StringBuilder text = new StringBuilder();
        for (int qos = 0; qos <= 2; qos++) {
            World world = World.connected("birth.topic", "birth", "birth.payload", "on", "birth.qos", qos);
            Publication guilty = world.publish("forbidden", "1");
            int closed = 0;
            int i = 0;
            for (; i < 4000 && world.outcome(guilty) == Kind.PENDING; i += 5) {
                world.publish("t", "" + i);
                closed += serveFor(world, ON_FORBIDDEN, 5);
            }
            text.append("birth " + qos + ": " + world.outcome(guilty) + " after " + i + " s, " + closed
                    + " connections\n");
        }
        assertFalse(text.toString().contains("PENDING"), text.toString());
    }

    @Test
    void whenTheVerdictsAreTurnedOffARefusedFilterIsAskedForAtOnce() {
        World world = World.connected();
        world.subscribe("a/b", 1, message -> {});
        var guilty = world.subscribe("forbidden/#", 1, message -> {});
        for (int i = 0; i < 300 && !guilty.granted().reason().contains("closes"); i++) {
            world.publish("t", "" + i);
            serveFor(world, ON_FORBIDDEN, 2);
        }
        assertEquals(0x80, guilty.granted().code());
        world.reconfigure("poison.attempts", 0);
        serveFor(world, packet -> false, 2);
        assertTrue(guilty.granted().isGranted());
    }

    @Test
    void whoSharesABucketOfBytesWithSmallMessagesIsNoDeadLetterForBeingLarge() {
        World world = World.connected();
        long[] bucket = { 0, world.scheduler.nanoTime() };
        Predicate<String> noRoom = packet -> {
            long now = world.scheduler.nanoTime();
            bucket[0] = Math.min(100_000, bucket[0] + (now - bucket[1]) / 1_000_000);
            bucket[1] = now;
            if (!packet.startsWith("PUBLISH")) {
                return false;
            }
            boolean no = bucket[0] < packet.length();
            bucket[0] -= no ? 0 : packet.length();
            return no;
        };
        world.publish("large", "x".repeat(90_000));
        for (int i = 0; i < 900; i++) {
            world.publish("t", "x".repeat(500));
            serveFor(world, noRoom, 1);
        }
        assertEquals(0, world.client.metrics().deadLettered());
    }

    @Test
    void anAccusedFilterIsNotAskedForWhereTheBrokerRulesItOut() {
        World world = World.five();
        world.broker.answersUnless(packet -> false);
        var guilty = world.subscribe("a/#", 1, message -> {});
        for (int i = 0; i < 6; i++) {
            while (!world.broker.answersUnless(packet -> packet.startsWith("SUBSCRIBE"))) {
                world.broker.after(Duration.ofMillis(500));
            }
            world.broker.awaitsClient();
        }
        world.broker.expects("CONNECT *").sends("CONNACK session-present {40=0}").idles(Duration.ofMinutes(2))
                .expectsNothing();
        assertEquals(0xA2, guilty.granted().code());
    }
}
