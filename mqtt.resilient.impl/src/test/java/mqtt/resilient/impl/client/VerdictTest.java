package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.impl.world.World;
import mqtt.resilient.spi.ClientInspector;
import org.junit.jupiter.api.Test;

/** What makes the broker close the connection is found, tried alone, and given up; everything else goes on. */
class VerdictTest {
    private static final Predicate<String> ON_FORBIDDEN = packet -> packet.contains("forbidden");
    private static final int CONNECTIONS = 60;

    /** Three messages in flight, and the broker has closed so many connections on them. */
    private static World suspected(int closed) {
        World world = World.connected();
        world.publish("forbidden", "1");
        world.publish("t", "2");
        world.publish("t", "3", 2);
        world.broker.expects("PUBLISH q1 id=1 forbidden 1", "PUBLISH q1 id=2 t 2", "PUBLISH q2 id=3 t 3").hangsUp();
        for (int i = 1; i < closed; i++) {
            world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1", "PUBLISH dup q1 id=2 t 2",
                    "PUBLISH dup q2 id=3 t 3").hangsUp();
        }
        return world;
    }

    /** Lets the client connect as often as it wants to, and at most so often; the number of connections. */
    private static int serve(World world, Predicate<String> closesOn, int most) {
        int connections = 0;
        while (connections < most) {
            world.broker.awaitsClient();
            connections++;
            if (!world.broker.answersUnless(closesOn)) {
                break;
            }
        }
        return connections;
    }

    /** The broker serves for so long at most, and ends at a condition; the number of connections it closed. */
    private static int serveFor(World world, Predicate<String> closesOn, Duration time, BooleanSupplier done) {
        int closed = 0;
        long end = world.scheduler.nanoTime() + time.toNanos();
        while (world.scheduler.nanoTime() < end && !done.getAsBoolean()) {
            if (world.broker.isConnected()) {
                closed += world.broker.answersUnless(closesOn) ? 1 : 0;
            }
            world.broker.after(Duration.ofMillis(500));
        }
        return closed;
    }

    /** A gateway that also publishes what the broker takes, every five seconds, until something is a dead letter. */
    private static int serveUntilDeadLetters(World world, Predicate<String> closesOn, int count) {
        int closed = 0;
        for (int i = 0; i < 400 && world.client.metrics().deadLettered() < count; i++) {
            Publication good = world.publish("other", "" + i);
            closed += serveFor(world, closesOn, Duration.ofSeconds(5), () -> false);
            assertFalse(world.outcome(good) == Kind.DEAD_LETTERED, "an innocent message");
        }
        assertEquals(count, world.client.metrics().deadLettered(), "after " + closed + " closed connections");
        return closed;
    }

    private static List<Publication> publish(World world, String topic, int count) {
        List<Publication> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(world.publish(topic, "" + i));
        }
        return all;
    }

    private static void expectAll(World world, Kind kind, List<Publication> all) {
        all.forEach(each -> assertEquals(kind, world.outcome(each), "message " + each.id()));
    }

    // ---- messages -------------------------------------------------------------------------------------------------

    @Test
    void afterFiveConnectionsTheSuspectsAreSentOneAtATime() {
        World world = suspected(5);
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1").expectsNothing();
    }

    @Test
    void whoIsAloneWhenTheBrokerClosesTheConnectionIsLeftOutAndTheRestGoesOn() {
        World world = suspected(5);
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1").expectsNothing().hangsUp();
        assertEquals(Kind.PENDING, world.client.publisher().outcome(1).kind());
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=2 t 2").expectsNothing().sends("PUBACK id=2")
                .expects("PUBLISH dup q2 id=3 t 3").sends("PUBREC id=3").expects("PUBREL id=3").expectsNothing()
                .sends("PUBCOMP id=3").expectsNothing();
        publish(world, "t", 2);
        world.broker.expects("PUBLISH q1 id=4 t 0", "PUBLISH q1 id=5 t 1"); // not one at a time any more
    }

    @Test
    void aTryCountsOnlyFirstOnItsConnectionAfterAPauseAndIfAnotherPassesSoonerOnTheNext() {
        World world = suspected(5);
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1").hangsUp();
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=2 t 2").sends("PUBACK id=2")
                .expects("PUBLISH dup q2 id=3 t 3").sends("PUBREC id=3").expects("PUBREL id=3").sends("PUBCOMP id=3");
        for (int strike = 1; strike < 3; strike++) { // the first one was that after five closed connections
            world.broker.idles(Duration.ofSeconds(10L << strike)).expects("PUBLISH dup q1 id=1 forbidden 1").hangsUp();
            world.publish("t", "waits");
            world.broker.acceptsAgain(true).expectsNothing().idles(Duration.ofSeconds(9L << strike)).expectsNothing()
                    .after(Duration.ofSeconds(2L << strike)).expects("PUBLISH dup q1 id=1 forbidden 1")
                    .expectsNothing().hangsUp();
            assertEquals(Kind.PENDING, world.client.publisher().outcome(1).kind());
            world.takeEvents();
            world.broker.acceptsAgain(true).answersUnless(packet -> packet.contains("forbidden"));
        }
        assertEquals(Kind.DEAD_LETTERED, world.client.publisher().outcome(1).kind());
        assertTrue(world.takeEvents().contains("DEAD_LETTERED forbidden"));
        Publication next = world.publish("t", "4");
        world.broker.answersUnless(packet -> false);
        assertEquals(Kind.DELIVERED, world.outcome(next));
    }

    @Test
    void theReasonSaysWhatHappened() {
        World world = World.connected();
        Publication guilty = world.publish("forbidden", "1");
        publish(world, "t", 9);
        var delivered = guilty.delivered();
        serveUntilDeadLetters(world, ON_FORBIDDEN, 1);
        assertEquals(Kind.DEAD_LETTERED, world.now(delivered).kind());
        assertTrue(world.now(delivered).reason().contains("only this message was unanswered"),
                world.now(delivered).reason());
    }

    @Test
    void whenASuspectIsAcknowledgedTheNextOneIsTriedAndThenEverythingGoesOn() {
        World world = suspected(5);
        world.publish("t", "4");
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1").expectsNothing().sends("PUBACK id=1")
                .expects("PUBLISH dup q1 id=2 t 2").expectsNothing().sends("PUBACK id=2")
                .expects("PUBLISH dup q2 id=3 t 3").expectsNothing().sends("PUBREC id=3").expects("PUBREL id=3")
                .expectsNothing().sends("PUBCOMP id=3").expects("PUBLISH q1 id=4 t 4");
        assertEquals(Kind.DELIVERED, world.client.publisher().outcome(1).kind());
    }

    @Test
    void whoIsAcknowledgedIsNoSuspectAndTheRestIsTriedAllTheSame() {
        World world = suspected(4);
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1", "PUBLISH dup q1 id=2 t 2",
                "PUBLISH dup q2 id=3 t 3").sends("PUBREC id=3").expects("PUBREL id=3").hangsUp();
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1").expectsNothing().sends("PUBACK id=1")
                .expects("PUBLISH dup q1 id=2 t 2").sends("PUBACK id=2").expects("PUBREL id=3").sends("PUBCOMP id=3");
        assertEquals(Kind.DELIVERED, world.client.publisher().outcome(3).kind());
    }

    @Test
    void aBrokerThatAcknowledgesSomethingOnEachConnectionMakesNobodyASuspect() {
        World world = World.connected();
        List<Publication> all = publish(world, "t", 40);
        for (int connection = 0; connection < 8; connection++) {
            List<String> packets = world.broker.takeAll();
            assertTrue(packets.size() > 1, packets.toString());
            world.broker.sends("PUBACK " + packets.get(0).replaceAll(".* (id=[0-9]+).*", "$1")).takeAll();
            world.broker.hangsUp().acceptsAgain(true);
        }
        world.broker.answersUnless(packet -> false);
        expectAll(world, Kind.DELIVERED, all);
    }

    @Test
    void aDeadNetworkSaysNothingAboutTheMessage() {
        World world = World.connected();
        world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1");
        for (int i = 0; i < 20; i++) {
            world.broker.networkBreaks().acceptsAgain(true).expects("PUBLISH dup q1 id=1 t 1");
        }
        world.publish("t", "2");
        world.broker.expects("PUBLISH q1 id=2 t 2");
    }

    @Test
    void aConnectionThatEndsBeforeTheMessageWasSentSaysNothingAboutIt() {
        World world = World.connected();
        world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1").networkBreaks();
        for (int i = 0; i < 20; i++) {
            world.broker.awaitsClient().expects("CONNECT *").hangsUp();
        }
        world.publish("t", "2");
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 t 1", "PUBLISH q1 id=2 t 2").sends("PUBACK id=1");
        assertEquals(Kind.DELIVERED, world.client.publisher().outcome(1).kind());
    }

    @Test
    void aConnectionThatWeCloseOurselvesIsNoStrike() {
        World world = suspected(5);
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1").expectsNothing();
        world.client.connector().reconnect();
        world.broker.expects("DISCONNECT").acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1")
                .expectsNothing();
        world.reconfigure("keepalive.seconds", 40);
        world.broker.expects("DISCONNECT").acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1")
                .sends("PUBACK id=1");
        assertEquals(Kind.DELIVERED, world.client.publisher().outcome(1).kind());
    }

    @Test
    void newMessagesWaitForTheSuspects() {
        World world = suspected(5);
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1");
        world.publish("t", "4");
        world.broker.expectsNothing().hangsUp();
        serve(world, ON_FORBIDDEN, CONNECTIONS);
        for (int id = 2; id <= 4; id++) {
            assertEquals(Kind.DELIVERED, world.client.publisher().outcome(id).kind(), "message " + id);
        }
        assertEquals(Kind.PENDING, world.client.publisher().outcome(1).kind());
    }

    @Test
    void guiltyMessagesAreFoundOneAfterTheOtherAndEachIsToldApartFromTheGoodOnes() {
        World world = World.connected();
        List<Publication> good = publish(world, "t", 5);
        List<Publication> guilty = new ArrayList<>(publish(world, "forbidden", 3));
        good.addAll(publish(world, "t", 5));
        guilty.add(world.publish("forbidden", "x", 2));
        good.add(world.publish("t", "x", 2));
        good.addAll(publish(world, "t", 5));
        int closed = serveUntilDeadLetters(world, ON_FORBIDDEN, guilty.size());
        assertTrue(closed < CONNECTIONS, closed + " connections");
        expectAll(world, Kind.DELIVERED, good);
        expectAll(world, Kind.DEAD_LETTERED, guilty);
        assertEquals("", world.client.status().reason().replace("connected", ""));
    }

    @Test
    void theIdOfAGuiltyExactlyOnceMessageIsReleasedBeforeItIsUsedAgain() {
        World world = World.connected();
        Publication guilty = world.publish("forbidden", "1", 2);
        publish(world, "t", 20);
        boolean[] released = new boolean[1];
        serveUntilDeadLetters(world, packet -> {
            released[0] |= packet.equals("PUBREL id=1");
            return ON_FORBIDDEN.test(packet);
        }, 1);
        world.broker.answersUntil(packet -> {
            released[0] |= packet.equals("PUBREL id=1");
            return false;
        });
        assertEquals(Kind.DEAD_LETTERED, world.outcome(guilty));
        assertTrue(released[0], "the broker may hold id 1 as received");
    }

    @Test
    void withZeroAttemptsNothingIsEverJudged() {
        World world = World.connected("poison.attempts", 0);
        Publication guilty = world.publish("forbidden", "1");
        publish(world, "t", 10);
        serve(world, ON_FORBIDDEN, 30);
        assertEquals(Kind.PENDING, world.outcome(guilty));
        assertFalse(world.reason().contains("quota"), world.reason());
    }

    @Test
    void aBrokerThatAnswersPingsButNotTheMessageCountsLikeOneThatCloses() {
        World world = World.connected("poison.attempts", 2, "acknowledge.seconds", 20);
        Publication guilty = world.publish("forbidden", "1");
        List<Publication> good = publish(world, "t", 9);
        for (int second = 0; second < 3000 && world.outcome(guilty) == Kind.PENDING; second++) {
            if (second > 200 && second % 7 == 0) {
                good.add(world.publish("t", "" + second));
            }
            if (world.broker.isConnected()) {
                List<String> packets = world.broker.takeAll();
                for (String packet : packets) {
                    String id = packet.replaceAll(".* (id=[0-9]+).*", "$1");
                    if (packet.startsWith("CONNECT")) {
                        world.broker.sends("CONNACK session-present");
                    } else if (packet.startsWith("PUBLISH") && packets.stream().noneMatch(ON_FORBIDDEN)) {
                        world.broker.sends("PUBACK " + id);
                    } else if (packet.equals("PINGREQ")) {
                        world.broker.sends("PINGRESP");
                    }
                }
            }
            world.broker.after(Duration.ofSeconds(1));
        }
        assertEquals(Kind.DEAD_LETTERED, world.outcome(guilty));
        assertEquals(1, world.client.metrics().deadLettered());
    }

    @Test
    void whatTheBrokerSendsByItselfSaysNothingAboutTheMessage() { // on a slow link the message is still on its way
        World world = World.connected("poison.attempts", 2);
        world.subscribe("in", 0, message -> {});
        world.broker.expects("SUBSCRIBE id=1 in:0").sends("SUBACK id=1 0");
        world.publish("t", "1");
        for (int i = 0; i < 5; i++) {
            while (world.broker.isConnected()) {
                world.broker.sends("PUBLISH q0 in x").after(Duration.ofSeconds(1));
            }
            assertTrue(world.reason().contains("no acknowledgement within"), world.reason());
            world.broker.take("");
            world.broker.acceptsAgain(true);
        }
        world.publish("t", "2");
        assertEquals(2, world.broker.take("PUBLISH").size(), "there is no trial");
    }

    @Test
    void alarmsDoNotWaitForSuspects() {
        World world = suspected(5);
        Publication alarm = world.publish(Message.to("alarm").payload("!").lane(Message.LANE_ALARM).build());
        world.broker.acceptsAgain(true).expects("PUBLISH q1 id=4 alarm !").expectsNothing().sends("PUBACK id=4");
        assertEquals(Kind.DELIVERED, world.outcome(alarm));
        world.broker.expects("PUBLISH dup q1 id=1 forbidden 1");
    }

    // ---- what was given up -----------------------------------------------------------------------------------------

    @Test
    void aDeadLetterCanBeLookedAtAndSentAgain() {
        World world = withADeadLetter();
        ClientInspector inspector = world.client.inspector();
        world.broker.idles(Duration.ofSeconds(3));
        List<ClientInspector.DeadLetter> all = world.now(inspector.deadLetters(10));
        assertEquals(1, all.size());
        assertEquals("forbidden", all.get(0).topic());
        assertTrue(all.get(0).ageMillis() >= 3000);
        long again = world.now(inspector.resendDeadLetter(all.get(0).id()));
        world.broker.answersUnless(packet -> false); // the broker allows it now
        assertEquals(Kind.DELIVERED, world.client.publisher().outcome(again).kind());
        assertEquals(List.of(), world.now(inspector.deadLetters(10)));
        assertEquals(0L, world.now(inspector.resendDeadLetter(all.get(0).id())));
    }

    @Test
    void aDeadLetterCanBeDropped() {
        World world = withADeadLetter();
        ClientInspector inspector = world.client.inspector();
        long id = world.now(inspector.deadLetters(10)).get(0).id();
        assertTrue(world.now(inspector.dropDeadLetter(id)));
        assertFalse(world.now(inspector.dropDeadLetter(id)));
        assertEquals(List.of(), world.now(inspector.deadLetters(10)));
    }

    @Test
    void aDeadLetterThatIsRejectedStaysOne() {
        World world = withADeadLetter();
        world.broker.networkBreaks();
        world.reconfigure("store.max.messages", 1);
        world.publish("t", "fills it");
        ClientInspector inspector = world.client.inspector();
        long id = world.now(inspector.deadLetters(10)).get(0).id();
        var again = inspector.resendDeadLetter(id).toCompletableFuture();
        assertTrue(world.isDone(again));
        assertTrue(again.isCompletedExceptionally());
        assertEquals(1, world.now(inspector.deadLetters(10)).size());
    }

    private static World withADeadLetter() {
        World world = World.connected();
        world.publish("forbidden", "1");
        publish(world, "t", 9);
        serveUntilDeadLetters(world, ON_FORBIDDEN, 1);
        return world;
    }

    // ---- nothing passes -------------------------------------------------------------------------------------------

    @Test
    void aBrokerThatClosesOnEachPublishMakesNoMessageADeadLetterAndTheStateSaysSo() {
        World world = World.connected();
        List<Publication> all = publish(world, "t", 100);
        Predicate<String> onPublish = packet -> packet.startsWith("PUBLISH");
        int closed = serveFor(world, onPublish, Duration.ofHours(6), () -> false);
        assertTrue(closed < 100, closed + " connections");
        expectAll(world, Kind.PENDING, all);
        assertEquals(ConnectionState.ONLINE, world.state());
        assertTrue(world.reason().contains("ends every connection at the first PUBLISH: quota or rights?"),
                world.reason());
        serveFor(world, packet -> false, Duration.ofMinutes(11), () -> false); // the next day
        expectAll(world, Kind.DELIVERED, all);
        assertEquals(0, world.client.metrics().deadLettered());
        assertEquals("connected", world.reason());
    }

    @Test
    void filtersThatAreGrantedSayNothingAboutMessages() {
        World world = new World("session.expiry.seconds", 0);
        world.broker.accepts(false);
        world.subscribe("in", 1, message -> {});
        List<Publication> all = publish(world, "t", 20);
        serveFor(world, packet -> packet.startsWith("PUBLISH"), Duration.ofHours(1), () -> false);
        expectAll(world, Kind.PENDING, all);
        assertTrue(world.reason().contains("at the first PUBLISH"), world.reason());
    }

    @Test
    void aSingleMessageIsKeptUntilOthersAreAnswered() {
        World world = World.connected();
        Publication guilty = world.publish("forbidden", "1");
        int closed = serveFor(world, ON_FORBIDDEN, Duration.ofHours(24), () -> false);
        assertTrue(closed < 200, closed + " connections in a day");
        assertEquals(Kind.PENDING, world.outcome(guilty));
        for (int hours = 0; hours < 10 && world.outcome(guilty) == Kind.PENDING; hours++) {
            Publication good = world.publish("t", "" + hours);
            serveFor(world, ON_FORBIDDEN, Duration.ofHours(1), () -> false);
            assertEquals(Kind.DELIVERED, world.outcome(good));
        }
        assertEquals(Kind.DEAD_LETTERED, world.outcome(guilty));
    }

    @Test
    void whileASingleMessageIsNotAnsweredQos0AndWhatComesInGoOn() {
        World world = World.connected("qos0.offline", true);
        List<String> commands = new ArrayList<>();
        world.subscribe("cmd", 1, message -> commands.add(message.topic()));
        world.broker.answersUnless(packet -> false);
        world.publish("forbidden", "1");
        List<Publication> telemetry = new ArrayList<>();
        int online = 0;
        for (int second = 0; second < 3600; second++) {
            telemetry.add(world.publish("telemetry", "" + second, 0));
            serveFor(world, ON_FORBIDDEN, Duration.ofSeconds(1), () -> false);
            if (world.state() == ConnectionState.ONLINE) {
                online++;
                world.broker.sends("PUBLISH q0 cmd " + second);
            }
        }
        long arrived = telemetry.stream().filter(each -> world.outcome(each) == Kind.DELIVERED).count();
        assertTrue(arrived > 3500, arrived + " of 3600");
        assertTrue(online > 3400, online + " of 3600 seconds");
        assertTrue(commands.size() > 3400, commands.size() + " commands");
    }

    @Test
    void whatIsLeftOutHoldsNoSlotOfTheSendWindow() {
        for (int window : new int[] { 1, 10, 100 }) {
            World world = World.connected("inflight.max", window);
            List<Publication> guilty = publish(world, "forbidden", window);
            List<Publication> good = publish(world, "t", 50);
            serveFor(world, ON_FORBIDDEN, Duration.ofMinutes(10), () -> false);
            expectAll(world, Kind.DELIVERED, good);
            assertEquals(0, guilty.stream().filter(each -> world.outcome(each) == Kind.DELIVERED).count());
            serveUntilDeadLetters(world, ON_FORBIDDEN, Math.min(window, 20));
        }
    }

    @Test
    void messagesWithTheTopicOfTwoThatAreAccusedNeedNotBeTriedOneByOneAndOneThatPassesFreesThem() {
        World world = World.connected();
        List<Publication> all = publish(world, "t", 20); // and the broker dislikes the payloads 0 and 1
        Predicate<String> onPayload = packet -> packet.matches("PUBLISH .* t [01]");
        int closed = serveFor(world, onPayload, Duration.ofMinutes(5), () -> false);
        assertTrue(closed <= 20, closed + " connections");
        expectAll(world, Kind.DELIVERED, all.subList(2, 20));
    }

    /** A broker with a token bucket that closes the connection at the PUBLISH for which there is no token. */
    private static Predicate<String> throttle(World world, int capacity, int refillSeconds) {
        long refill = Duration.ofSeconds(refillSeconds).toNanos();
        long[] tokens = { capacity, world.scheduler.nanoTime() };
        return packet -> {
            if (!packet.startsWith("PUBLISH")) {
                return false;
            }
            long added = (world.scheduler.nanoTime() - tokens[1]) / refill;
            tokens[0] = Math.min(capacity, tokens[0] + added);
            tokens[1] += added * refill;
            return tokens[0]-- <= 0 && ++tokens[0] == 0;
        };
    }

    @Test
    void aBrokerThatThrottlesByClosingMakesNoDeadLetter() {
        for (int capacity : new int[] { 1, 2, 5, 20 }) {
            for (int refillSeconds : new int[] { 3, 7, 15, 30, 45, 60, 90, 240 }) {
                for (int every : new int[] { 0, 2, 20, 100 }) {
                    World world = World.connected();
                    Predicate<String> noToken = throttle(world, capacity, refillSeconds);
                    List<Publication> all = publish(world, "t", 30);
                    for (int i = 0; i < 60; i++) {
                        if (every > 0) {
                            all.add(world.publish(i % 2 == 0 ? "t" : "u", "" + i));
                        }
                        serveFor(world, noToken, Duration.ofSeconds(Math.max(every, 10)), () -> false);
                    }
                    String what = capacity + " tokens, one more every " + refillSeconds + " s, a message every " + every
                            + " s";
                    assertEquals(0, world.client.metrics().deadLettered(), what);
                    serveFor(world, packet -> false, Duration.ofMinutes(30), () -> false);
                    expectAll(world, Kind.DELIVERED, all);
                }
            }
        }
    }

    @Test
    void aBrokerThatTakesSoManyMessagesOfEachConnectionMakesNoDeadLetter() {
        for (int most : new int[] { 1, 2, 3 }) {
            World world = World.connected();
            List<Publication> all = publish(world, "t", 10);
            serve(world, packet -> packet.startsWith("PUBLISH"), 8); // the quota is used up
            int[] taken = new int[1];
            Predicate<String> tooMany = packet -> {
                taken[0] = packet.startsWith("CONNECT") ? 0 : taken[0] + (packet.startsWith("PUBLISH") ? 1 : 0);
                return taken[0] > most;
            };
            for (int i = 0; i < 60; i++) {
                all.add(world.publish("t", "" + i));
                serveFor(world, tooMany, Duration.ofSeconds(30), () -> false);
            }
            assertEquals(0, world.client.metrics().deadLettered(), most + " for each connection");
        }
    }

    @Test
    void anotherBrokerIsTriedBeforeAnythingIsJudged() {
        World world = new World("brokers", List.of("mqtt://one", "mqtt://two"));
        Predicate<String> onPublishAtTheFirst = packet -> packet.startsWith("PUBLISH")
                && world.client.status().broker().contains("one");
        List<Publication> all = publish(world, "t", 100);
        long since = world.scheduler.nanoTime();
        int connections = serve(world, onPublishAtTheFirst, CONNECTIONS);
        assertEquals("mqtt://two:1883", world.client.status().broker());
        assertTrue(connections <= 8, connections + " connections");
        assertTrue(world.scheduler.nanoTime() - since < Duration.ofSeconds(120).toNanos());
        expectAll(world, Kind.DELIVERED, all);
    }

    @Test
    void whenEachBrokerClosesOnTheSameMessageItIsJudged() {
        World world = new World("brokers", List.of("mqtt://one", "mqtt://two"));
        Publication guilty = world.publish("forbidden", "1");
        List<Publication> good = publish(world, "t", 9);
        serveUntilDeadLetters(world, ON_FORBIDDEN, 1);
        assertEquals(Kind.DEAD_LETTERED, world.outcome(guilty));
        expectAll(world, Kind.DELIVERED, good);
    }

    @Test
    void whenTheVerdictsAreTurnedOffWhatWasLeftOutIsSentAtOnce() {
        World world = suspected(5);
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1").hangsUp().acceptsAgain(true)
                .expects("PUBLISH dup q1 id=2 t 2").expectsNothing();
        world.reconfigure("poison.attempts", 0);
        world.broker.expects("PUBLISH dup q1 id=1 forbidden 1", "PUBLISH dup q2 id=3 t 3");
    }

    // ---- filters --------------------------------------------------------------------------------------------------

    @Test
    void aFilterOnWhichTheBrokerClosesTheConnectionCountsAsRefusedAndAllElseGoesOn() {
        for (String resumed : List.of("3600", "0")) {
            World world = new World("session.expiry.seconds", Integer.parseInt(resumed));
            world.broker.answersUnless(packet -> false);
            world.takeEvents();
            var good = world.subscribe("a/b", 1, message -> {});
            var guilty = world.subscribe("forbidden/#", 1, message -> {});
            List<Publication> all = publish(world, "t", 10);
            int closed = serveFor(world, ON_FORBIDDEN, Duration.ofMinutes(10),
                    () -> guilty.granted().reason().contains("closes"));
            assertTrue(closed < 15, closed + " connections");
            assertTrue(good.granted().isGranted(), resumed + ": " + good.granted());
            assertFalse(guilty.granted().isGranted());
            assertEquals(0x80, guilty.granted().code());
            assertTrue(guilty.granted().reason().contains("closes the connection"), guilty.granted().reason());
            assertTrue(world.takeEvents().contains("refused forbidden/# 128"));
            expectAll(world, Kind.DELIVERED, all);
            assertEquals("connected", world.reason());
            world.broker.networkBreaks();
            assertEquals(1, serve(world, ON_FORBIDDEN, 5), "it is not asked for on every connection");
        }
    }

    @Test
    void aFilterOnWhichTheBrokerClosedTheConnectionIsTriedAgainEverMoreRarely() {
        World world = World.connected();
        world.subscribe("a/b", 1, message -> {});
        var guilty = world.subscribe("forbidden/#", 1, message -> {});
        publish(world, "t", 10);
        serveFor(world, ON_FORBIDDEN, Duration.ofMinutes(5), () -> guilty.granted().reason().contains("closes"));
        assertEquals(0, serveFor(world, ON_FORBIDDEN, Duration.ofSeconds(290), () -> false));
        assertEquals(1, serveFor(world, ON_FORBIDDEN, Duration.ofSeconds(60), () -> false), "after five minutes");
        assertEquals(0, serveFor(world, ON_FORBIDDEN, Duration.ofSeconds(500), () -> false));
        assertEquals(1, serveFor(world, ON_FORBIDDEN, Duration.ofSeconds(180), () -> false), "after ten");
        serveFor(world, ON_FORBIDDEN, Duration.ofHours(48), () -> false);
        assertEquals(1, serveFor(world, ON_FORBIDDEN, Duration.ofHours(25), () -> false), "once a day");
        assertFalse(guilty.granted().isGranted());
        serveFor(world, packet -> false, Duration.ofHours(25), () -> false);
        assertTrue(guilty.granted().isGranted(), "the rights are there now");
    }

    @Test
    void whereTheBrokerClosedForEveryFilterForSomeMinutesAllAreBackSoon() {
        World world = new World("session.expiry.seconds", 0);
        world.broker.answersUnless(packet -> false);
        var one = world.subscribe("cmd/a", 1, message -> {});
        var other = world.subscribe("cmd/b", 1, message -> {});
        for (int i = 0; i < 60; i++) {
            world.publish("t", "" + i);
            serveFor(world, packet -> packet.startsWith("SUBSCRIBE"), Duration.ofSeconds(5), () -> false);
        }
        assertEquals(0x80, one.granted().code());
        assertEquals(0x80, other.granted().code());
        serveFor(world, packet -> false, Duration.ofMinutes(6), () -> false);
        assertTrue(one.granted().isGranted());
        assertTrue(other.granted().isGranted());
    }

    @Test
    void aFilterIsFoundAlsoWhereThereIsNothingElse() {
        World world = World.connected();
        var guilty = world.subscribe("forbidden/#", 1, message -> {});
        serveFor(world, ON_FORBIDDEN, Duration.ofHours(2), () -> guilty.granted().reason().contains("closes"));
        assertEquals(0x80, guilty.granted().code());
        int connections = world.broker.connections();
        serveFor(world, ON_FORBIDDEN, Duration.ofSeconds(290), () -> false);
        assertTrue(world.broker.connections() <= connections + 1, "the connection holds");
    }

    @Test
    void aFilterThatOneBrokerClosedConnectionsForIsAskedForAtAnother() {
        World world = new World("brokers", List.of("mqtt://one", "mqtt://two"));
        world.broker.resolves("one", "10.0.0.1").resolves("two", "10.0.0.2").refusesAt("10.0.0.2", true);
        world.subscribe("a/b", 1, message -> {});
        var guilty = world.subscribe("forbidden/#", 1, message -> {});
        publish(world, "t", 10);
        serveFor(world, packet -> packet.contains("forbidden") && world.client.status().broker().contains("one"),
                Duration.ofMinutes(10), () -> guilty.granted().reason().contains("closes"));
        assertEquals(0x80, guilty.granted().code());
        world.broker.refusesAt("10.0.0.2", false).refusesAt("10.0.0.1", true).networkBreaks();
        serve(world, packet -> false, 3);
        assertTrue(guilty.granted().isGranted());
    }

    @Test
    void whoAsksForAGuiltyFilterHasItsAnswerAtOnce() {
        World world = World.connected();
        world.subscribe("a/b", 1, message -> {});
        world.subscribe("forbidden/#", 1, message -> {});
        publish(world, "t", 10);
        serveFor(world, ON_FORBIDDEN, Duration.ofMinutes(5), () -> false);
        var second = world.subscribe("forbidden/#", 2, message -> {});
        assertEquals(0x80, second.granted().code());
        world.broker.expectsNothing();
    }

    @Test
    void aFilterThatTheBrokerRulesOutIsNoSuspectAnyMore() {
        World world = World.five();
        world.broker.answersUnless(packet -> false);
        world.subscribe("a/#", 1, message -> {});
        serve(world, packet -> packet.startsWith("SUBSCRIBE"), 5);
        world.broker.awaitsClient().expects("CONNECT *").sends("CONNACK session-present {40=0}");
        Publication telemetry = world.publish("telemetry", "1", 0); // QoS 0 waits for the end of a trial
        world.broker.idles(Duration.ofMinutes(1));
        assertEquals(Kind.DELIVERED, world.outcome(telemetry));
    }
}
