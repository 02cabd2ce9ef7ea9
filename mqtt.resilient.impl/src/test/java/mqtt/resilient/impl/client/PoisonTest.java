package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** A message for which the broker closes the connection is found, tried alone and dead-lettered; the rest goes on. */
class PoisonTest {

    /** Three messages in flight, and the broker has hung up on them so often. */
    private static World suspected(int hangUps) {
        World world = World.connected();
        world.publish("forbidden", "1");
        world.publish("t", "2");
        world.publish("t", "3", 2);
        world.broker.expects("PUBLISH q1 id=1 forbidden 1", "PUBLISH q1 id=2 t 2", "PUBLISH q2 id=3 t 3").hangsUp();
        for (int i = 1; i < hangUps; i++) {
            world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1", "PUBLISH dup q1 id=2 t 2",
                    "PUBLISH dup q2 id=3 t 3").hangsUp();
        }
        return world;
    }

    @Test
    void afterFiveHangUpsTheOldestMessageIsSentAlone() {
        World world = suspected(5);
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1").expectsNothing();
    }

    @Test
    void whenTheBrokerHangsUpOnItAloneItIsSetAsideAndTheRestGoesOn() {
        World world = suspected(5);
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1").expectsNothing();
        world.takeEvents();
        world.broker.hangsUp();
        assertEquals(Kind.DEAD_LETTERED, world.client.publisher().outcome(1).kind());
        assertTrue(world.takeEvents().contains("DEAD_LETTERED forbidden"));
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=2 t 2", "PUBLISH dup q2 id=3 t 3").expectsNothing()
                .sends("PUBACK id=2", "PUBREC id=3").expects("PUBREL id=3").sends("PUBCOMP id=3");
        assertEquals(Kind.DELIVERED, world.client.publisher().outcome(2).kind());
        assertEquals(Kind.DELIVERED, world.client.publisher().outcome(3).kind());
    }

    @Test
    void theReasonSaysWhatHappened() {
        World world = World.connected();
        Publication publication = world.publish("forbidden", "1");
        var delivered = publication.delivered();
        for (int i = 0; i < 6; i++) {
            world.broker.takeAll();
            world.broker.hangsUp().acceptsAgain(true);
        }
        assertEquals(Kind.DEAD_LETTERED, world.now(delivered).kind());
        assertTrue(world.now(delivered).reason().contains("5"), world.now(delivered).reason());
    }

    @Test
    void whenItIsAcknowledgedAloneEverythingGoesOn() {
        World world = suspected(5);
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1").expectsNothing().sends("PUBACK id=1")
                .expects("PUBLISH dup q1 id=2 t 2", "PUBLISH dup q2 id=3 t 3").expectsNothing();
        assertEquals(Kind.DELIVERED, world.client.publisher().outcome(1).kind());
    }

    @Test
    void anyAcknowledgementClearsTheSuspicion() {
        World world = suspected(4);
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1", "PUBLISH dup q1 id=2 t 2",
                "PUBLISH dup q2 id=3 t 3").sends("PUBREC id=3").expects("PUBREL id=3").hangsUp();
        for (int i = 0; i < 4; i++) {
            world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1", "PUBLISH dup q1 id=2 t 2",
                    "PUBREL id=3").hangsUp();
        }
        assertEquals(Kind.PENDING, world.client.publisher().outcome(1).kind());
    }

    @Test
    void aDeadNetworkSaysNothingAboutTheMessage() {
        World world = World.connected();
        world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1");
        for (int i = 0; i < 20; i++) {
            world.broker.networkBreaks().acceptsAgain(true).expects("PUBLISH dup q1 id=1 t 1");
        }
        assertEquals(Kind.PENDING, world.client.publisher().outcome(1).kind());
    }

    @Test
    void aHangUpBeforeTheMessageWasSentSaysNothingAboutIt() {
        World world = World.connected();
        world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1").networkBreaks();
        for (int i = 0; i < 20; i++) {
            world.broker.awaitsClient().expects("CONNECT *").hangsUp();
        }
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 t 1").sends("PUBACK id=1");
        assertEquals(Kind.DELIVERED, world.client.publisher().outcome(1).kind());
    }

    @Test
    void aLinkThatWeCloseOurselvesSetsNothingAside() {
        World world = suspected(5);
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1").expectsNothing();
        world.client.connector().reconnect();
        world.broker.expects("DISCONNECT");
        assertEquals(Kind.PENDING, world.client.publisher().outcome(1).kind());
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1").expectsNothing();
        world.reconfigure("keepalive.seconds", 40);
        assertEquals(Kind.PENDING, world.client.publisher().outcome(1).kind());
        world.broker.expects("DISCONNECT").acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1")
                .sends("PUBACK id=1");
        assertEquals(Kind.DELIVERED, world.client.publisher().outcome(1).kind());
    }

    @Test
    void newMessagesWaitWhileTheSuspectIsTriedAlone() {
        World world = suspected(5);
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 forbidden 1");
        world.publish("t", "4");
        world.publish("t", "5", 0);
        world.broker.expectsNothing().hangsUp().acceptsAgain(true).expects("PUBLISH dup q1 id=2 t 2",
                "PUBLISH dup q2 id=3 t 3");
        assertTrue(world.broker.takeAll().contains("PUBLISH q1 id=4 t 4"));
    }

    @Test
    void twoPoisonedMessagesAreFoundOneAfterTheOther() {
        World world = World.connected();
        Publication first = world.publish("forbidden", "1");
        Publication second = world.publish("forbidden", "2", 2);
        Publication good = world.publish("t", "3");
        for (int i = 0; i < 12; i++) {
            world.broker.takeAll();
            world.broker.hangsUp().acceptsAgain(true);
        }
        assertEquals(Kind.DEAD_LETTERED, world.outcome(first));
        assertEquals(Kind.DEAD_LETTERED, world.outcome(second));
        world.broker.expects("PUBREL id=2", "PUBLISH dup q1 id=3 t 3").sends("PUBACK id=3");
        assertEquals(Kind.DELIVERED, world.outcome(good));
    }

    @Test
    void theIdOfAnExactlyOnceMessageThatWasSetAsideIsReleasedBeforeItIsUsedAgain() {
        World world = World.connected();
        Publication poison = world.publish("forbidden", "1", 2);
        for (int i = 0; i < 6; i++) {
            world.broker.expects("PUBLISH " + (i == 0 ? "" : "dup ") + "q2 id=1 forbidden 1").hangsUp()
                    .acceptsAgain(true);
        }
        assertEquals(Kind.DEAD_LETTERED, world.outcome(poison));
        boolean released = false;
        for (int i = 0; i < 200; i++) {
            world.publish("t", "" + i, 2);
            for (String packet : world.broker.takeAll()) {
                if (packet.equals("PUBREL id=1")) {
                    released = true;
                    world.broker.sends("PUBCOMP id=1");
                } else {
                    String id = packet.split(" ")[2];
                    assertTrue(released || !id.equals("id=1"),
                            "the broker, which may hold id 1 as received, takes this for a repetition: " + packet);
                    world.broker.sends("PUBREC " + id).expects("PUBREL " + id).sends("PUBCOMP " + id);
                }
            }
        }
    }

    @Test
    void withZeroAttemptsNothingIsEverSetAside() {
        World world = World.connected("poison.attempts", 0);
        Publication publication = world.publish("forbidden", "1");
        for (int i = 0; i < 30; i++) {
            world.broker.takeAll();
            world.broker.hangsUp().acceptsAgain(true);
        }
        assertEquals(Kind.PENDING, world.outcome(publication));
    }

    @Test
    void aBrokerThatAnswersPingsButNotTheMessageCountsAsHangingUp() {
        World world = World.connected("poison.attempts", 2);
        Publication publication = world.publish("forbidden", "1");
        for (int i = 0; i < 3; i++) {
            for (int seconds = 0; world.broker.isConnected(); seconds++) {
                if (world.broker.takeAll().contains("PINGREQ") || seconds == 2) {
                    world.broker.sends("PINGRESP");
                }
                world.broker.after(Duration.ofSeconds(1));
            }
            world.broker.acceptsAgain(true);
        }
        assertEquals(Kind.DEAD_LETTERED, world.outcome(publication));
    }

    @Test
    void whatTheBrokerSendsByItselfSaysNothingAboutTheMessage() { // on a slow link the message is still on its way
        World world = World.connected("poison.attempts", 2);
        world.subscribe("in", 0, message -> {});
        world.broker.expects("SUBSCRIBE id=1 in:0").sends("SUBACK id=1 0");
        Publication publication = world.publish("t", "1");
        for (int i = 0; i < 5; i++) {
            while (world.broker.isConnected()) {
                world.broker.sends("PUBLISH q0 in x").after(Duration.ofSeconds(1));
            }
            assertTrue(world.reason().contains("no acknowledgement within"), world.reason());
            world.broker.take("");
            world.broker.acceptsAgain(true);
        }
        assertEquals(Kind.PENDING, world.outcome(publication));
    }
}
