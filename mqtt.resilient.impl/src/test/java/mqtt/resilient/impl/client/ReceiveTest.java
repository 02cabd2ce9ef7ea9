package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** The way of a message in: acknowledged in order of receipt when its listener is done; exactly once means once. */
class ReceiveTest {
    private final World world = World.connected();
    private final Recorder recorder = new Recorder();

    private ClientSubscription subscribed() {
        ClientSubscription subscription = world.subscribe("in/#", 2, recorder);
        world.broker.expects("SUBSCRIBE id=1 in/#:2").sends("SUBACK id=1 2");
        return subscription;
    }

    @Test
    void eachLevelIsAcknowledgedAsTheStandardSays() {
        subscribed();
        world.broker.sends("PUBLISH q0 in/a 1").expectsNothing().sends("PUBLISH q1 id=7 in/a 2").expects("PUBACK id=7")
                .sends("PUBLISH q2 id=8 in/a 3").expects("PUBREC id=8").sends("PUBREL id=8").expects("PUBCOMP id=8")
                .expectsNothing();
        assertEquals(List.of("in/a 1", "in/a 2", "in/a 3"), recorder.take());
        assertEquals(List.of(Qos.AT_MOST_ONCE, Qos.AT_LEAST_ONCE, Qos.EXACTLY_ONCE),
                recorder.messages.stream().map(ReceivedMessage::qos).toList());
    }

    @Test
    void whoFetchesIsToldOfEachMessageOfABurstButNotOfThoseThatPushedOutOthers() {
        List<Integer> told = new ArrayList<>();
        world.client.subscriber().subscribe("pull", 1,
                world.client.subscriber().pullQueue("pull", false, 3, told::add));
        world.scheduler.run();
        world.broker.expects("SUBSCRIBE id=1 pull:1").sends("SUBACK id=1 1");
        world.broker.sends("PUBLISH q1 id=1 pull 1", "PUBLISH q1 id=2 pull 2", "PUBLISH q1 id=3 pull 3",
                "PUBLISH q1 id=4 pull 4");
        assertEquals(4, told.stream().mapToInt(each -> each).sum());
        told.clear();
        world.broker.sends("PUBLISH q0 pull 1", "PUBLISH q0 pull 2", "PUBLISH q0 pull 3", "PUBLISH q0 pull 4",
                "PUBLISH q0 pull 5");
        assertEquals(3, told.stream().mapToInt(each -> each).sum());
    }

    @Test
    void theListenerSeesRetainedAndDuplicate() {
        subscribed();
        world.broker.sends("PUBLISH retain q0 in/a 1", "PUBLISH dup q1 id=1 in/b 2",
                "PUBLISH dup retain q2 id=2 in/c 3");
        assertEquals(List.of("retained in/a 1", "dup in/b 2", "dup retained in/c 3"), recorder.take());
    }

    @Test
    void nothingIsAcknowledgedBeforeTheListenerHasReturned() { // HiveMQ #378, paho #31
        subscribed();
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q1 id=7 in/a 1", "PUBLISH q2 id=8 in/a 2").after(Duration.ofSeconds(5))
                .expectsNothing();
        world.listenersAreStuck(false);
        world.broker.expects("PUBACK id=7", "PUBREC id=8").expectsNothing();
    }

    @Test
    void acknowledgementsLeaveInTheOrderOfReceiptWhateverListenerIsFirst() { // [MQTT-4.6.0-2, -3]
        ReceivedMessage[] held = new ReceivedMessage[1];
        world.subscribe("slow", 2, message -> held[0] = message, true);
        world.broker.expects("SUBSCRIBE id=1 slow:2").sends("SUBACK id=1 2");
        world.subscribe("fast", 2, recorder);
        world.broker.expects("SUBSCRIBE id=2 fast:2").sends("SUBACK id=2 2");
        world.broker.sends("PUBLISH q1 id=5 slow a", "PUBLISH q1 id=6 fast b", "PUBLISH q2 id=7 fast c",
                "PUBLISH q1 id=8 fast d").expectsNothing();
        assertEquals(List.of("fast b", "fast c", "fast d"), recorder.take());
        held[0].acknowledge();
        world.broker.expects("PUBACK id=5", "PUBACK id=6", "PUBREC id=7", "PUBACK id=8").expectsNothing();
    }

    @Test
    void manualAcknowledgementsOutOfOrderLeaveInOrder() {
        world.subscribe("in", 2, recorder, true);
        world.broker.expects("SUBSCRIBE id=1 in:2").sends("SUBACK id=1 2")
                .sends("PUBLISH q1 id=1 in a", "PUBLISH q2 id=2 in b", "PUBLISH q1 id=3 in c").expectsNothing();
        recorder.messages.get(2).acknowledge();
        recorder.messages.get(1).acknowledge();
        world.broker.expectsNothing();
        recorder.messages.get(0).acknowledge();
        recorder.messages.get(0).acknowledge(); // repeatable
        world.broker.expects("PUBACK id=1", "PUBREC id=2", "PUBACK id=3").expectsNothing();
    }

    @Test
    void aHandleOfTheLastConnectionIsInert() { // paho.golang#160
        world.subscribe("in", 1, recorder, true);
        world.broker.expects("SUBSCRIBE id=1 in:1").sends("SUBACK id=1 1").sends("PUBLISH q1 id=9 in a").hangsUp()
                .acceptsAgain(true).sends("PUBLISH dup q1 id=9 in a");
        recorder.messages.get(0).acknowledge();
        world.broker.expectsNothing();
        recorder.messages.get(1).acknowledge();
        world.broker.expects("PUBACK id=9").expectsNothing();
        assertEquals(List.of("in a", "dup in a"), recorder.take());
    }

    @Test
    void aMessageThatWasNotAcknowledgedHoldsNothingUpOnceItIsOnTheNextConnection() { // hivemq-mqtt-client#796, #526
        world.subscribe("in", 1, recorder, true);
        world.broker.expects("SUBSCRIBE id=1 in:1").sends("SUBACK id=1 1").sends("PUBLISH q1 id=9 in a",
                "PUBLISH q1 id=10 in b");
        recorder.messages.get(1).acknowledge();
        world.broker.expectsNothing(); // acknowledgements leave in the order of receipt
        world.broker.hangsUp().acceptsAgain(true).sends("PUBLISH dup q1 id=9 in a", "PUBLISH dup q1 id=10 in b");
        recorder.messages.get(2).acknowledge();
        recorder.messages.get(3).acknowledge();
        world.broker.expects("PUBACK id=9", "PUBACK id=10").sends("PUBLISH q1 id=9 in c");
        recorder.messages.get(4).acknowledge();
        world.broker.expects("PUBACK id=9").expectsNothing();
        assertEquals(List.of("in a", "in b", "dup in a", "dup in b", "in c"), recorder.take());
    }

    @Test
    void aHandleOfTheLastConnectionAcknowledgesNoOtherMessageOfItsId() {
        world.subscribe("in", 1, recorder, true);
        world.broker.expects("SUBSCRIBE id=1 in:1").sends("SUBACK id=1 1").sends("PUBLISH q1 id=9 in a").hangsUp()
                .acceptsAgain(false).expects("SUBSCRIBE id=2 in:1").sends("SUBACK id=2 1")
                .sends("PUBLISH q1 id=9 in b");
        recorder.messages.get(0).acknowledge();
        world.broker.expectsNothing();
        recorder.messages.get(1).acknowledge();
        world.broker.expects("PUBACK id=9");
    }

    @Test
    void aListenerThatFinishesAfterTheConnectionAcknowledgesNothingOnTheNext() {
        subscribed();
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q1 id=7 in/a 1").hangsUp().acceptsAgain(true);
        world.listenersAreStuck(false);
        world.broker.expectsNothing().sends("PUBLISH dup q1 id=7 in/a 1").expects("PUBACK id=7");
    }

    // ---- exactly once ---------------------------------------------------------------------------------------------

    @Test
    void anExactlyOnceMessageThatIsRepeatedWhileTheListenerWorksIsHandedOverOnce() {
        subscribed();
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q2 id=8 in/a 1").hangsUp().acceptsAgain(true).sends("PUBLISH dup q2 id=8 in/a 1")
                .expectsNothing();
        world.listenersAreStuck(false);
        world.broker.expects("PUBREC id=8").sends("PUBREL id=8").expects("PUBCOMP id=8").expectsNothing();
        assertEquals(List.of("in/a 1"), recorder.take());
    }

    @Test
    void anExactlyOnceMessageThatIsRepeatedAfterTheListenerHasFinishedIsHandedOverOnce() {
        subscribed();
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q2 id=8 in/a 1").hangsUp();
        world.listenersAreStuck(false);
        world.broker.acceptsAgain(true).expectsNothing().sends("PUBLISH dup q2 id=8 in/a 1").expects("PUBREC id=8")
                .sends("PUBREL id=8").expects("PUBCOMP id=8");
        assertEquals(List.of("in/a 1"), recorder.take());
    }

    @Test
    void aLostPubrecIsRepeatedForTheRepeatedMessage() {
        subscribed();
        for (int i = 0; i < 4; i++) {
            world.broker.sends("PUBLISH " + (i == 0 ? "" : "dup ") + "q2 id=8 in/a 1").expects("PUBREC id=8")
                    .networkBreaks().acceptsAgain(true);
        }
        world.broker.sends("PUBREL id=8").expects("PUBCOMP id=8");
        assertEquals(List.of("in/a 1"), recorder.take());
    }

    @Test
    void aLostPubcompIsRepeatedForTheRepeatedPubrel() { // vertx-mqtt#133
        subscribed();
        world.broker.sends("PUBLISH q2 id=8 in/a 1").expects("PUBREC id=8").networkBreaks();
        for (int i = 0; i < 3; i++) {
            world.broker.acceptsAgain(true).sends("PUBREL id=8").expects("PUBCOMP id=8").expectsNothing()
                    .networkBreaks();
        }
        world.broker.acceptsAgain(true).sends("PUBLISH q2 id=8 in/a 2").expects("PUBREC id=8"); // the id is free again
        assertEquals(List.of("in/a 1", "in/a 2"), recorder.take());
    }

    @Test
    void aRepetitionOnTheSameConnectionIsConfirmedAgainAndNotHandedOver() {
        subscribed();
        world.broker.sends("PUBLISH q2 id=8 in/a 1").expects("PUBREC id=8").sends("PUBLISH dup q2 id=8 in/a 1")
                .expects("PUBREC id=8").sends("PUBREL id=8").expects("PUBCOMP id=8");
        assertEquals(List.of("in/a 1"), recorder.take());
    }

    @Test
    void aRepetitionOnTheSameConnectionWhileTheListenerWorksIsConfirmedOnce() {
        subscribed();
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q2 id=8 in/a 1", "PUBLISH dup q2 id=8 in/a 1").expectsNothing();
        world.listenersAreStuck(false);
        world.broker.expects("PUBREC id=8").expectsNothing();
        assertEquals(List.of("in/a 1"), recorder.take());
    }

    @Test
    void theOrderOfTheRepeatedMessagesIsTheirNewOrderOfReceipt() {
        subscribed();
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q2 id=8 in/a 1", "PUBLISH q2 id=9 in/a 2").hangsUp();
        world.listenersAreStuck(false);
        world.broker.acceptsAgain(true).sendsTogether("PUBLISH dup q2 id=9 in/a 2", "PUBLISH dup q2 id=8 in/a 1")
                .expects("PUBREC id=9", "PUBREC id=8");
    }

    @Test
    void afterTheBrokerLostTheSessionAnIdMeansANewMessage() {
        subscribed();
        world.broker.sends("PUBLISH q2 id=8 in/a 1").expects("PUBREC id=8").hangsUp().acceptsAgain(false)
                .expects("SUBSCRIBE id=2 in/#:2").sends("SUBACK id=2 2").sends("PUBLISH q2 id=8 in/a 2")
                .expects("PUBREC id=8").sends("PUBREL id=8").expects("PUBCOMP id=8");
        assertEquals(List.of("in/a 1", "in/a 2"), recorder.take());
    }

    @Test
    void aListenerOfTheLostSessionConfirmsNothingInTheNewOne() {
        subscribed();
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q2 id=8 in/a 1").hangsUp().acceptsAgain(false).expects("SUBSCRIBE id=2 in/#:2")
                .sends("SUBACK id=2 2").sends("PUBLISH q2 id=8 in/a 2").expectsNothing();
        world.listenersAreStuck(false);
        world.broker.expects("PUBREC id=8").expectsNothing();
        assertEquals(List.of("in/a 1", "in/a 2"), recorder.take());
    }

    @Test
    void anIdAfterAnUnansweredConnectMayBelongToANewSession() {
        subscribed();
        world.broker.sends("PUBLISH q2 id=8 in/a 1").expects("PUBREC id=8").networkBreaks().awaitsClient()
                .expects("CONNECT *").networkBreaks().acceptsAgain(true); // perhaps a new session: its CONNACK was lost
        world.broker.takeAll();
        world.broker.sends("PUBLISH q2 id=8 in/a 2"); // no DUP: not a repetition [MQTT-3.3.1-1]
        assertEquals(List.of("in/a 1", "in/a 2"), recorder.take());
    }

    @Test
    void aRepetitionOfAMessageThatWeNeverSawIsNotTakenForOneThatWeDid() {
        subscribed();
        world.broker.sends("PUBLISH q2 id=8 in/a 1").expects("PUBREC id=8").networkBreaks().awaitsClient()
                .expects("CONNECT *").networkBreaks().acceptsAgain(true); // a new session, as it happens
        world.broker.takeAll();
        // the new session's PUBLISH q2 id=8 in/a 2 is lost with the connection
        world.broker.networkBreaks().acceptsAgain(true).takeAll();
        world.broker.sends("PUBLISH dup q2 id=8 in/a 2");
        assertEquals(List.of("in/a 1", "dup in/a 2"), recorder.take());
    }

    @Test
    void aRepetitionInADoubtfulSessionIsStillARepetition() {
        subscribed();
        world.broker.sends("PUBLISH q2 id=8 in/a 1").expects("PUBREC id=8").networkBreaks().awaitsClient()
                .expects("CONNECT *").networkBreaks().acceptsAgain(true).take("SUBSCRIBE");
        world.broker.sends("PUBLISH dup q2 id=8 in/a 1").expects("PUBREC id=8").sends("PUBREL id=8")
                .expects("PUBCOMP id=8");
        assertEquals(List.of("in/a 1"), recorder.take());
    }

    @Test
    void aPubrelBeforeTheListenerHasFinishedIsCompletedAndBlocksNothing() {
        subscribed();
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q2 id=8 in/a 1", "PUBLISH q1 id=9 in/a 2", "PUBREL id=8").expects("PUBCOMP id=8")
                .expectsNothing();
        world.listenersAreStuck(false);
        world.broker.expects("PUBACK id=9").expectsNothing();
    }

    @Test
    void manyExactlyOnceMessagesLeaveNothingBehind() { // vertx-mqtt#133: the map was never emptied
        subscribed();
        for (int i = 0; i < 1000; i++) {
            world.broker.sends("PUBLISH q2 id=" + (1 + i % 10) + " in/a " + i).expects("PUBREC id=" + (1 + i % 10))
                    .sends("PUBREL id=" + (1 + i % 10)).expects("PUBCOMP id=" + (1 + i % 10));
        }
        assertEquals(1000, recorder.take().size());
    }

    // ---- listeners that fail --------------------------------------------------------------------------------------

    @Test
    void aListenerThatThrowsGetsTheMessageAgainAfterAWait() { // others acknowledge and lose it
        subscribed();
        recorder.fails(2);
        world.broker.sends("PUBLISH q1 id=7 in/a 1").expectsNothing();
        assertTrue(world.takeEvents().contains("failed in/a"));
        world.broker.after(Duration.ofMillis(900)).expectsNothing().after(Duration.ofMillis(200)).expectsNothing();
        world.broker.after(Duration.ofMillis(1_700)).expectsNothing().after(Duration.ofMillis(500))
                .expects("PUBACK id=7");
        assertEquals(List.of("in/a 1"), recorder.take());
    }

    @Test
    void afterThreeAttemptsTheMessageIsSetAsideEventedAndAcknowledgedAndTheNextComes() {
        subscribed();
        recorder.failsOn("bad");
        world.broker.sends("PUBLISH q2 id=7 in/a bad", "PUBLISH q1 id=8 in/a good").expectsNothing()
                .after(Duration.ofSeconds(10)).expects("PUBREC id=7", "PUBACK id=8");
        assertEquals(List.of("in/a good"), recorder.take());
        assertEquals(List.of("failed in/a", "failed in/a", "dead letter in/a"), world.takeEvents().stream()
                .filter(event -> event.endsWith("in/a")).toList());
    }

    @Test
    void otherListenersGoOnWhileOneIsRetried() {
        Recorder other = new Recorder();
        world.subscribe("other", 1, other);
        world.broker.expects("SUBSCRIBE id=1 other:1").sends("SUBACK id=1 1");
        world.subscribe("in/#", 1, recorder.failsOn("bad"));
        world.broker.expects("SUBSCRIBE id=2 in/#:1").sends("SUBACK id=2 1").sends("PUBLISH q1 id=7 in/a bad",
                "PUBLISH q1 id=8 other x");
        assertEquals(List.of("other x"), other.take());
        world.broker.after(Duration.ofSeconds(10)).expects("PUBACK id=7", "PUBACK id=8");
    }

    @Test
    void anErrorOfAListenerIsItsOwn() { // an exception kills the receive task
        world.subscribe("in/#", 1, message -> {
            throw new NoClassDefFoundError("org/example/Gone");
        });
        world.broker.expects("SUBSCRIBE id=1 in/#:1").sends("SUBACK id=1 1").sends("PUBLISH q1 id=7 in/a x")
                .after(Duration.ofSeconds(10)).expects("PUBACK id=7");
        assertTrue(world.broker.isConnected());
    }

    @Test
    void aMessageThatNobodyListensToIsAcknowledgedAndCounted() { // HiveMQ #254
        world.broker.sends("PUBLISH q1 id=7 nobody x").expects("PUBACK id=7");
        assertTrue(world.takeEvents().contains("DROPPED nobody"));
    }

    @Test
    void aMessageThatArrivesBeforeTheSubackIsDelivered() {
        world.subscribe("in/#", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 in/#:1").sendsTogether("PUBLISH q1 id=7 in/a x", "SUBACK id=1 1")
                .expects("PUBACK id=7");
        assertEquals(List.of("in/a x"), recorder.take());
    }

    @Test
    void whatTheBrokerHeldComesToListenersThatWereThereBeforeTheConnect() { // HiveMQ #254
        subscribed();
        world.broker.hangsUp().awaitsClient().expects("CONNECT *")
                .sendsTogether("CONNACK session-present", "PUBLISH q1 id=7 in/a 1", "PUBLISH q1 id=8 in/a 2")
                .expects("PUBACK id=7", "PUBACK id=8");
        assertEquals(List.of("in/a 1", "in/a 2"), recorder.take());
    }

    @Test
    void aListenerMayPublishSubscribeAndUnsubscribe() { // paho #121
        List<Publication> answers = new ArrayList<>();
        ClientSubscription[] subscription = new ClientSubscription[1];
        subscription[0] = world.subscribe("in/#", 1, message -> {
            answers.add(
                    world.client.publisher().publish(mqtt.resilient.api.Message.to("out").payload("answer").build()));
            world.client.subscriber().subscribe("more", 0, world.client.subscriber().queue(recorder, "more", false));
            subscription[0].close();
        });
        world.broker.expects("SUBSCRIBE id=1 in/#:1").sends("SUBACK id=1 1").sends("PUBLISH q1 id=7 in/a 1");
        List<String> sent = new ArrayList<>(world.broker.takeAll());
        assertTrue(sent.remove("PUBACK id=7"), sent.toString());
        assertTrue(sent.removeIf(packet -> packet.startsWith("PUBLISH q1") && packet.endsWith("out answer")));
        assertTrue(sent.removeIf(packet -> packet.startsWith("SUBSCRIBE") && packet.endsWith("more:0")));
        assertTrue(sent.removeIf(packet -> packet.startsWith("UNSUBSCRIBE") && packet.endsWith("in/#")));
        assertEquals(List.of(), sent);
        world.broker.sends("PUBACK id=2");
    }

    @Test
    void aListenerThatIsGoneWithAMessageInItsHandsBlocksNoOther() {
        ClientSubscription manual = world.subscribe("manual", 1, recorder, true);
        world.broker.expects("SUBSCRIBE id=1 manual:1").sends("SUBACK id=1 1");
        Recorder other = new Recorder();
        world.subscribe("other", 1, other);
        world.broker.expects("SUBSCRIBE id=2 other:1").sends("SUBACK id=2 1").sends("PUBLISH q1 id=7 manual x",
                "PUBLISH q1 id=8 other y").expectsNothing();
        manual.close();
        List<String> sent = world.broker.takeAll();
        assertTrue(sent.contains("PUBACK id=8"), "the other listener's message is still held up: " + sent);
    }

    @Test
    void aListenerThatThrowsAfterItWasClosedBlocksNoOther() {
        ClientSubscription[] subscription = new ClientSubscription[1];
        subscription[0] = world.subscribe("in", 1, message -> {
            subscription[0].close();
            world.scheduler.run(); // the loop, on its own thread, goes on meanwhile
            throw new IllegalStateException("too late");
        });
        world.broker.expects("SUBSCRIBE id=1 in:1").sends("SUBACK id=1 1");
        Recorder other = new Recorder();
        world.subscribe("other", 1, other);
        world.broker.expects("SUBSCRIBE id=2 other:1").sends("SUBACK id=2 1").sends("PUBLISH q1 id=7 in x",
                "PUBLISH q1 id=8 other y").after(Duration.ofSeconds(30));
        assertTrue(world.broker.takeAll().contains("PUBACK id=8"), "the other listener's message is held up");
    }

    @Test
    void aMessageThatWasAcknowledgedByHandIsNotOfferedAgainWhenItsListenerThrows() {
        int[] calls = new int[1];
        world.subscribe("in", 2, message -> {
            calls[0]++;
            message.acknowledge();
            throw new IllegalStateException("after the acknowledgement");
        }, true);
        world.broker.expects("SUBSCRIBE id=1 in:2").sends("SUBACK id=1 2").sends("PUBLISH q2 id=7 in x")
                .expects("PUBREC id=7").after(Duration.ofSeconds(30));
        assertEquals(1, calls[0]);
    }

    @Test
    void twoListenersWithTheirOwnPayloads() {
        List<byte[]> payloads = new ArrayList<>();
        world.subscribe("in/#", 1, message -> payloads.add(message.payload()));
        world.subscribe("in/+", 1, message -> payloads.add(message.payload()));
        world.broker.takeAll();
        world.broker.sends("PUBLISH q1 id=7 in/a x");
        assertEquals(2, payloads.size());
        assertFalse(payloads.get(0) == payloads.get(1));
    }

    @Test
    void publicationsAreDeliveredWhileMessagesArrive() { // the receive path has priority
        subscribed();
        Publication publication = world.publish("out", "1");
        world.broker.expects("PUBLISH q1 id=2 out 1").sendsTogether("PUBLISH q1 id=7 in/a 1", "PUBACK id=2",
                "PUBLISH q1 id=8 in/a 2").expects("PUBACK id=7", "PUBACK id=8");
        assertEquals(Kind.DELIVERED, world.outcome(publication));
    }
}
