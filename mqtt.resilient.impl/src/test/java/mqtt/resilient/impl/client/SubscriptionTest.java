package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.Subscription.Grant;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** Subscriptions: asked for, answered, renewed, ended. */
class SubscriptionTest {
    private final Recorder recorder = new Recorder();

    // ---- answers --------------------------------------------------------------------------------------------------

    @Test
    void theGrantIsVisible() {
        World world = World.connected();
        ClientSubscription subscription = world.subscribe("a/+", 1, recorder);
        assertEquals(Grant.PENDING, subscription.granted());
        assertFalse(subscription.result().toCompletableFuture().isDone());
        world.broker.expects("SUBSCRIBE id=1 a/+:1").sends("SUBACK id=1 1");
        assertEquals(Qos.AT_LEAST_ONCE, subscription.granted().qos());
        assertEquals(new Grant(1, "", List.of()), world.now(subscription.result()));
        assertEquals("a/+", subscription.filter());
    }

    @Test
    void aLowerGrantIsVisibleAndNoError() {
        World world = World.connected();
        ClientSubscription subscription = world.subscribe("a", 2, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:2").sends("SUBACK id=1 0").expectsNothing();
        assertTrue(subscription.granted().isGranted());
        assertEquals(Qos.AT_MOST_ONCE, subscription.granted().qos());
        assertTrue(world.broker.isConnected());
    }

    @Test
    void aRefusalIsAResultAndAnEventAndNoReconnectLoop() {
        World world = World.connected();
        int connections = world.broker.connections();
        ClientSubscription subscription = world.subscribe("secret/#", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 secret/#:1").sends("SUBACK id=1 128");
        for (int minute = 0; minute < 10; minute++) {
            for (int i = 0; i < 4; i++) {
                world.broker.after(Duration.ofSeconds(15)).expects("PINGREQ").sends("PINGRESP");
            }
        }
        assertEquals(connections, world.broker.connections());
        assertEquals(128, subscription.granted().code());
        assertFalse(subscription.granted().isGranted());
        assertEquals(new Grant(128, "", List.of()), world.now(subscription.result()));
        assertEquals(List.of("refused secret/# 128"), world.takeEvents().stream()
                .filter(event -> event.startsWith("refused")).toList());
    }

    @Test
    void aRefusedFilterIsTriedOnceOnEachConnection() { // HiveMQ #297: results of renewals are visible
        World world = World.connected();
        ClientSubscription subscription = world.subscribe("secret/#", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 secret/#:1").sends("SUBACK id=1 128").hangsUp().acceptsAgain(true)
                .expects("SUBSCRIBE id=2 secret/#:1").sends("SUBACK id=2 1").expectsNothing();
        assertEquals(1, subscription.granted().code());
    }

    @Test
    void oneRefusalInABatchTouchesOnlyItsFilter() {
        World world = new World();
        List<ClientSubscription> all = new ArrayList<>();
        for (String filter : List.of("a", "b", "c")) {
            all.add(world.client.subscriber().subscribe(filter, 1,
                    world.client.subscriber().queue(recorder, filter, false)));
        }
        world.broker.acceptsNewClient().expects("SUBSCRIBE id=1 a:1 b:1 c:1").sends("SUBACK id=1 0 128 1");
        assertEquals(List.of(0, 128, 1), all.stream().map(each -> each.granted().code()).toList());
    }

    // ---- batches --------------------------------------------------------------------------------------------------

    @Test
    void manyFiltersGoInPacketsOfEight() { // for brokers that take no more than eight
        World world = new World();
        for (int i = 1; i <= 20; i++) {
            world.client.subscriber().subscribe("f" + i, i % 3, world.client.subscriber().queue(recorder, "f", false));
        }
        world.broker.acceptsNewClient().expects("SUBSCRIBE id=1 f1:1 f2:2 f3:0 f4:1 f5:2 f6:0 f7:1 f8:2",
                "SUBSCRIBE id=2 f9:0 f10:1 f11:2 f12:0 f13:1 f14:2 f15:0 f16:1",
                "SUBSCRIBE id=3 f17:2 f18:0 f19:1 f20:2")
                .expectsNothing();
        world.broker.sends("SUBACK id=2 0 1 2 0 1 2 0 1", "SUBACK id=3 2 0 1 2", "SUBACK id=1 1 2 0 1 2 0 1 2")
                .expectsNothing();
    }

    @Test
    void hundredsOfFiltersAreAllSubscribedThoughFewPacketsWaitAtATime() {
        World world = new World();
        for (int i = 0; i < 500; i++) {
            world.client.subscriber().subscribe("f" + i, 1, world.client.subscriber().queue(recorder, "f", false));
        }
        world.broker.acceptsNewClient();
        int filters = 0;
        for (List<String> packets = world.broker.takeAll(); !packets.isEmpty(); packets = world.broker.takeAll()) {
            assertTrue(packets.size() <= 8);
            for (String packet : packets) {
                String[] words = packet.split(" ");
                filters += words.length - 2;
                world.broker.sends("SUBACK " + words[1] + " 1".repeat(words.length - 2));
            }
        }
        assertEquals(500, filters);
    }

    @Test
    void aSecondListenerOfAFilterGetsTheRetainedMessagesToo() {
        World world = World.connected();
        Recorder second = new Recorder();
        world.subscribe("a", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 1", "PUBLISH retain q0 a last");
        ClientSubscription later = world.subscribe("a", 1, second);
        world.broker.expects("SUBSCRIBE id=2 a:1").sends("SUBACK id=2 1", "PUBLISH retain q0 a last");
        assertEquals(List.of("retained a last"), second.take());
        assertEquals(1, later.granted().code());
    }

    @Test
    void theHighestLevelOfAllListenersIsAskedFor() {
        World world = World.connected();
        world.subscribe("a", 0, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:0").sends("SUBACK id=1 0");
        world.subscribe("a", 2, recorder);
        world.broker.expects("SUBSCRIBE id=2 a:2").sends("SUBACK id=2 2");
        world.subscribe("a", 1, recorder);
        world.broker.expects("SUBSCRIBE id=3 a:2").sends("SUBACK id=3 2").expectsNothing();
    }

    @Test
    void aFilterThatIsWantedAgainWhileItsAnswerIsPendingIsAskedForAgain() {
        World world = World.connected();
        world.subscribe("a", 0, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:0");
        world.subscribe("a", 2, recorder);
        world.broker.expectsNothing().sends("SUBACK id=1 0").expects("SUBSCRIBE id=2 a:2").sends("SUBACK id=2 2")
                .expectsNothing();
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    @Test
    void theLastListenerOfAFilterEndsIt() {
        World world = World.connected();
        ClientSubscription one = world.subscribe("a", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 1");
        ClientSubscription two = world.subscribe("a", 1, new Recorder());
        world.broker.expects("SUBSCRIBE id=2 a:1").sends("SUBACK id=2 1");
        one.close();
        world.broker.expectsNothing();
        two.close();
        two.close();
        world.broker.expects("UNSUBSCRIBE id=3 a").sends("UNSUBACK id=3").expectsNothing();
        assertEquals(Grant.CLOSED, two.granted());
    }

    @Test
    void closingASubscriptionThatWasNeverSentSendsNothing() { // unknown completes normally
        World world = new World();
        ClientSubscription subscription = world.subscribe("a", 1, recorder);
        subscription.close();
        subscription.close();
        world.broker.acceptsNewClient().expectsNothing();
        assertEquals(Grant.CLOSED, world.now(subscription.result()));
    }

    @Test
    void closingWhileTheAnswerIsPendingUnsubscribesBehindIt() {
        World world = World.connected();
        ClientSubscription subscription = world.subscribe("a", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:1");
        subscription.close();
        world.broker.expectsNothing().sends("SUBACK id=1 1").expects("UNSUBSCRIBE id=2 a").sends("UNSUBACK id=2")
                .expectsNothing();
        assertEquals(Grant.CLOSED, subscription.granted());
    }

    @Test
    void subscribingAgainWhileTheUnsubscribeIsPendingSubscribesBehindIt() {
        World world = World.connected();
        ClientSubscription subscription = world.subscribe("a", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 1");
        subscription.close();
        world.broker.expects("UNSUBSCRIBE id=2 a");
        ClientSubscription again = world.subscribe("a", 1, recorder);
        world.broker.expectsNothing().sends("UNSUBACK id=2").expects("SUBSCRIBE id=3 a:1").sends("SUBACK id=3 1");
        assertEquals(1, again.granted().code());
    }

    @Test
    void closingARefusedSubscriptionSendsNothing() {
        World world = World.connected();
        ClientSubscription subscription = world.subscribe("a", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 128");
        subscription.close();
        world.broker.expectsNothing().hangsUp().acceptsAgain(true).expectsNothing();
    }

    @Test
    void closingAFilterThatWasGrantedBeforeItWasRefusedUnsubscribes() { // what the broker holds then is not known
        World world = World.connected();
        ClientSubscription one = world.subscribe("a", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 1");
        ClientSubscription two = world.subscribe("a", 2, new Recorder());
        world.broker.expects("SUBSCRIBE id=2 a:2").sends("SUBACK id=2 128");
        one.close();
        two.close();
        world.broker.expects("UNSUBSCRIBE id=3 a").sends("UNSUBACK id=3").expectsNothing();
    }

    /** The broker may hold the filter, because a SUBACK was lost, and refuses it on the next connection. */
    private static ClientSubscription refusedAfterALostSuback(World world) {
        ClientSubscription subscription = world.subscribe("a", 1, new Recorder());
        world.broker.expects("SUBSCRIBE id=1 a:1").networkBreaks().acceptsAgain(true).expects("SUBSCRIBE id=2 a:1")
                .sends("SUBACK id=2 128").expectsNothing();
        return subscription;
    }

    @Test
    void closingARefusedFilterThatTheBrokerMayHoldFromALostSubackUnsubscribes() {
        World world = World.connected();
        ClientSubscription subscription = refusedAfterALostSuback(world);
        subscription.close();
        world.broker.expects("UNSUBSCRIBE id=3 a").sends("UNSUBACK id=3").hangsUp().acceptsAgain(true).expectsNothing();
    }

    @Test
    void aRefusedFilterThatTheBrokerMayHoldIsUnsubscribedAlsoIfItIsClosedWhileOffline() {
        World world = World.connected();
        ClientSubscription subscription = refusedAfterALostSuback(world);
        world.broker.networkBreaks();
        subscription.close();
        world.broker.acceptsAgain(true).expects("UNSUBSCRIBE id=3 a").sends("UNSUBACK id=3").expectsNothing();
    }

    @Test
    void aRefusedFilterThatTheBrokerMayHoldIsUnsubscribedAlsoAfterMoreRefusals() {
        World world = World.connected();
        ClientSubscription one = refusedAfterALostSuback(world);
        ClientSubscription two = world.subscribe("a", 2, new Recorder());
        world.broker.expects("SUBSCRIBE id=3 a:2").sends("SUBACK id=3 128").hangsUp().acceptsAgain(true)
                .expects("SUBSCRIBE id=4 a:2").sends("SUBACK id=4 128");
        one.close();
        two.close();
        world.broker.expects("UNSUBSCRIBE id=5 a").sends("UNSUBACK id=5").expectsNothing();
    }

    @Test
    void aClosedListenerGetsNoFurtherCall() {
        World world = World.connected();
        ClientSubscription subscription = world.subscribe("a", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 1");
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q1 id=7 a 1", "PUBLISH q1 id=8 a 2");
        subscription.close();
        world.listenersAreStuck(false);
        assertEquals(List.of(), recorder.take());
        world.broker.expectsInAnyOrder("PUBACK id=7", "PUBACK id=8", "UNSUBSCRIBE id=2 a");
    }

    // ---- renewal --------------------------------------------------------------------------------------------------

    @Test
    void aResumedSessionIsNotSubscribedAgain() {
        World world = World.connected();
        world.subscribe("a", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 1").hangsUp().acceptsAgain(true).expectsNothing()
                .sends("PUBLISH q1 id=1 a x").expects("PUBACK id=1");
        assertEquals(List.of("a x"), recorder.take());
    }

    @Test
    void aLostSessionIsSubscribedAgainInWhole() { // openhab#6438, aws-iot-device-sdk-java-v2#452
        World world = World.connected();
        world.subscribe("a", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 1");
        ClientSubscription second = world.subscribe("b", 2, recorder);
        world.broker.expects("SUBSCRIBE id=2 b:2").sends("SUBACK id=2 2");
        for (int i = 0; i < 3; i++) {
            world.broker.hangsUp().acceptsAgain(false).expects("SUBSCRIBE id=" + (3 + i) + " a:1 b:2")
                    .sends("SUBACK id=" + (3 + i) + " 1 " + i).expectsNothing();
            assertEquals(i, second.granted().code(), "the answer to a renewal is visible");
        }
    }

    @Test
    void aRenewalThatIsRefusedIsAnEvent() { // HiveMQ #510: failures of automatic resubscribe are invisible
        World world = World.connected();
        ClientSubscription subscription = world.subscribe("a", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 1").hangsUp().acceptsAgain(false)
                .expects("SUBSCRIBE id=2 a:1").sends("SUBACK id=2 128");
        assertEquals(128, subscription.granted().code());
        assertTrue(world.takeEvents().contains("refused a 128"));
    }

    @Test
    void aFilterWithoutASubackIsSubscribedOnTheResumedSession() {
        World world = World.connected();
        world.subscribe("a", 1, recorder);
        world.subscribe("b", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:1", "SUBSCRIBE id=2 b:1").sends("SUBACK id=1 1").hangsUp()
                .acceptsAgain(true).expects("SUBSCRIBE id=3 b:1").sends("SUBACK id=3 1").expectsNothing();
    }

    @Test
    void whatWasClosedWhileOfflineIsUnsubscribedOnTheResumedSession() {
        World world = World.connected();
        ClientSubscription subscription = world.subscribe("a", 1, recorder);
        world.subscribe("b", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:1", "SUBSCRIBE id=2 b:1").sends("SUBACK id=1 1", "SUBACK id=2 1")
                .hangsUp();
        subscription.close();
        world.broker.acceptsAgain(true).expects("UNSUBSCRIBE id=3 a").sends("UNSUBACK id=3").hangsUp()
                .acceptsAgain(true)
                .expectsNothing();
    }

    @Test
    void whatWasClosedWhileOfflineIsNotSubscribedInANewSession() {
        World world = World.connected();
        ClientSubscription subscription = world.subscribe("a", 1, recorder);
        world.subscribe("b", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:1", "SUBSCRIBE id=2 b:1").sends("SUBACK id=1 1", "SUBACK id=2 1")
                .hangsUp();
        subscription.close();
        world.broker.acceptsAgain(false).expects("SUBSCRIBE id=3 b:1").expectsNothing();
    }

    @Test
    void anUnsubscribeWithoutAnswerIsRepeated() {
        World world = World.connected();
        ClientSubscription subscription = world.subscribe("a", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 1");
        subscription.close();
        world.broker.expects("UNSUBSCRIBE id=2 a").hangsUp().acceptsAgain(true).expects("UNSUBSCRIBE id=3 a")
                .sends("UNSUBACK id=3").hangsUp().acceptsAgain(true).expectsNothing();
    }

    @Test
    void aFilterThatCameAndWentAndCameWhileOfflineIsRenewedLikeAnyOther() {
        World world = World.connected();
        world.broker.networkBreaks();
        world.subscribe("a", 1, recorder).close();
        ClientSubscription subscription = world.subscribe("a", 1, recorder);
        world.broker.acceptsAgain(true).expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 1");
        assertEquals(1, subscription.granted().code());
        world.broker.hangsUp().acceptsAgain(false).expects("SUBSCRIBE id=2 a:1").sends("SUBACK id=2 1");
        subscription.close();
        world.broker.expects("UNSUBSCRIBE id=3 a");
    }

    @Test
    void aFilterThatCameAndWentAndCameAtOnceIsRenewedLikeAnyOther() {
        World world = World.connected();
        world.client.subscriber().subscribe("a", 1, world.client.subscriber().queue(recorder, "x", false)).close();
        world.client.subscriber().subscribe("a", 1, world.client.subscriber().queue(recorder, "x", false));
        List<String> sent = world.broker.takeAll();
        assertEquals(List.of("SUBSCRIBE id=1 a:1"), sent);
        world.broker.sends("SUBACK id=1 1").hangsUp().acceptsAgain(false).expects("SUBSCRIBE id=2 a:1");
    }

    @Test
    void subscribingHundredsOfTimesWhileOfflineIsOneRequest() {
        World world = World.connected();
        world.broker.networkBreaks();
        for (int i = 0; i < 300; i++) {
            world.subscribe("a", 1, recorder).close();
        }
        world.subscribe("a", 1, recorder);
        world.broker.acceptsAgain(true).expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 1").expectsNothing();
    }

    @Test
    void aConnackThatWasLostMayHaveSaidThatTheSessionIsLost() {
        World world = World.connected();
        world.subscribe("a", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 1").networkBreaks().awaitsClient()
                // the broker, restarted without its sessions, makes a new one, and the CONNACK is lost
                .expects("CONNECT *")
                .networkBreaks().acceptsAgain(true).expects("SUBSCRIBE id=2 a:1").sends("SUBACK id=2 1")
                .expectsNothing();
        world.broker.networkBreaks().acceptsAgain(true).expectsNothing(); // this one was answered
    }

    // ---- matching -------------------------------------------------------------------------------------------------

    @Test
    void overlappingFiltersOfOneListenerBringOneCall() {
        World world = World.connected();
        var queue = world.client.subscriber().queue(recorder, "one", false);
        for (String filter : List.of("a/#", "a/+", "a/b", "#")) {
            world.client.subscriber().subscribe(filter, 1, queue);
        }
        world.broker.takeAll();
        world.broker.sends("PUBLISH q1 id=7 a/b x").expects("PUBACK id=7").expectsNothing();
        assertEquals(List.of("a/b x"), recorder.take());
    }

    @Test
    void overlappingFiltersOfSeveralListenersBringOneCallEachAndOneAcknowledgement() {
        World world = World.connected();
        Recorder second = new Recorder();
        world.subscribe("a/#", 1, recorder);
        world.subscribe("+/b", 1, second);
        world.broker.takeAll();
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q1 id=7 a/b x").expectsNothing();
        world.listenersAreStuck(false);
        world.broker.expects("PUBACK id=7").expectsNothing();
        assertEquals(List.of("a/b x"), recorder.take());
        assertEquals(List.of("a/b x"), second.take());
    }

    @Test
    void theAcknowledgementWaitsForTheSlowestOfTheListeners() {
        World world = World.connected();
        Recorder manual = new Recorder();
        world.subscribe("a", 1, recorder);
        world.subscribe("a", 1, manual, true);
        world.broker.takeAll();
        world.broker.sends("PUBLISH q1 id=7 a x").expectsNothing();
        manual.messages.get(0).acknowledge();
        world.broker.expects("PUBACK id=7");
    }

    @Test
    void wildcardsDoNotMatchTopicsThatBeginWithADollar() { // [MQTT-4.7.2-1]
        World world = World.connected();
        Recorder system = new Recorder();
        world.subscribe("#", 0, recorder);
        world.subscribe("+/broker", 0, recorder);
        world.subscribe("$SYS/#", 0, system);
        world.broker.takeAll();
        world.broker.sends("PUBLISH q0 $SYS/broker 1", "PUBLISH q0 $SYS 2", "PUBLISH q0 a/$SYS 3");
        assertEquals(List.of("a/$SYS 3"), recorder.take());
        assertEquals(List.of("$SYS/broker 1", "$SYS 2"), system.take());
    }

    @Test
    void aSharedSubscriptionIsSentAsItIsAndMatchesLikeItsFilter() {
        World world = World.connected();
        ClientSubscription subscription = world.subscribe("$share/group/a/+", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 $share/group/a/+:1").sends("SUBACK id=1 1", "PUBLISH q1 id=7 a/b x",
                "PUBLISH q1 id=8 b/b y").expects("PUBACK id=7", "PUBACK id=8");
        assertEquals(List.of("a/b x"), recorder.take());
        subscription.close();
        world.broker.expects("UNSUBSCRIBE id=2 $share/group/a/+");
    }

    @Test
    void aSharedSubscriptionOfAWildcardDoesNotSeeSystemTopics() {
        World world = World.connected();
        world.subscribe("$share/g/#", 0, recorder);
        world.broker.takeAll();
        world.broker.sends("PUBLISH q0 $SYS/x 1", "PUBLISH q0 x 2");
        assertEquals(List.of("x 2"), recorder.take());
    }

    @Test
    void exactTopicsWildcardsAndEmptyLevels() { // wildcards that never matched
        World world = World.connected();
        world.subscribe("+/+", 0, recorder);
        world.broker.takeAll();
        world.broker.sends("PUBLISH q0 /finance 1", "PUBLISH q0 finance 2", "PUBLISH q0 a/ 3", "PUBLISH q0 / 4",
                "PUBLISH q0 a/b/c 5");
        assertEquals(List.of("/finance 1", "a/ 3", "/ 4"), recorder.take());
    }

    // ---- several at once ------------------------------------------------------------------------------------------

    private List<ClientSubscription> subscribe(World world, int qos, String... filters) {
        List<ClientSubscription> all = world.client.subscriber().subscribe(List.of(filters), qos, List.of(),
                world.client.subscriber().queue(recorder, "listener", false));
        world.scheduler.run();
        return all;
    }

    @Test
    void severalFiltersGoInOnePacketAndEachHasItsGrant() {
        World world = World.connected();
        List<ClientSubscription> all = subscribe(world, 1, "a", "b/+", "c/#");
        world.broker.expects("SUBSCRIBE id=1 a:1 b/+:1 c/#:1").sends("SUBACK id=1 1 128 0");
        assertEquals(List.of(1, 128, 0), all.stream().map(each -> world.now(each.result()).code()).toList());
        world.broker.sends("PUBLISH q0 a x", "PUBLISH q0 c/d y");
        assertEquals(2, recorder.messages.size());
    }

    @Test
    void manyFiltersAreSplitAndSoAreThoseForWhichThereIsNoRoom() {
        World world = World.connected();
        String[] many = IntStream.range(0, 10).mapToObj(i -> "f" + i).toArray(String[]::new);
        subscribe(world, 0, many);
        world.broker.expects("SUBSCRIBE id=1 f0:0 f1:0 f2:0 f3:0 f4:0 f5:0 f6:0 f7:0", "SUBSCRIBE id=2 f8:0 f9:0");
        World small = World.connectedWithFive("CONNACK {39=100}");
        subscribe(small, 0, "a".repeat(30), "b".repeat(30), "c".repeat(30), "d");
        List<String> sent = small.broker.takeAll();
        assertEquals(2, sent.size(), sent::toString);
    }

    @Test
    void oneOfSeveralEndsAndTheListenerGoesOnWithTheOthers() {
        World world = World.connected();
        List<ClientSubscription> all = subscribe(world, 1, "a", "b");
        world.broker.expects("SUBSCRIBE *").sends("SUBACK id=1 1 1");
        all.get(0).close();
        all.get(0).close();
        world.broker.expects("UNSUBSCRIBE id=2 a").sends("UNSUBACK id=2", "PUBLISH q1 id=7 b x").expects("PUBACK id=7");
        assertEquals(1, recorder.messages.size());
        all.get(1).close();
        world.broker.expects("UNSUBSCRIBE id=3 b").sends("PUBLISH q1 id=8 b y").expects("PUBACK id=8");
        assertEquals(1, recorder.messages.size());
    }

    @Test
    void severalThatAreReleasedAreKeptForTheirGraceAndComeBack() {
        World world = World.connected();
        List<ClientSubscription> all = subscribe(world, 1, "a", "b");
        world.broker.expects("SUBSCRIBE *").sends("SUBACK id=1 1 1");
        all.forEach(ClientSubscription::release);
        world.broker.sends("PUBLISH q1 id=7 b x").expectsNothing();
        subscribe(world, 1, "a", "b");
        world.broker.expects("SUBSCRIBE id=2 a:1 b:1", "PUBACK id=7");
        assertEquals(1, recorder.messages.size());
    }
}
