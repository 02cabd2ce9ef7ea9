package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.api.RejectedException.Reason;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** What is admitted, and what gives way when it is too much. */
class BoundsTest {
    /** A message that counts for exactly 1,000 bytes: topic, payload and 192. */
    private static final String PAYLOAD_807 = "x".repeat(807);

    private static RejectedException rejection(World world, Publication publication) {
        assertEquals(0, publication.id());
        CompletionException error = assertThrows(CompletionException.class,
                () -> world.now(publication.stored()));
        assertEquals(Kind.REJECTED, world.now(publication.delivered()).kind());
        assertEquals(false, world.now(publication.cancel()));
        world.scheduler.run();
        return (RejectedException) error.getCause();
    }

    @Test
    void aMessageBeyondTheByteBoundIsRejectedAtOnce() {
        World world = new World("store.max.bytes", 3000);
        for (int i = 0; i < 3; i++) {
            assertEquals(i + 1, world.publish("t", PAYLOAD_807).id());
        }
        RejectedException full = rejection(world, world.publish("t", ""));
        assertEquals(Reason.FULL, full.reason());
        assertTrue(full.getMessage().contains("3193") && full.getMessage().contains("3000")
                && full.getMessage().contains("store.max.bytes"), full.getMessage());
    }

    @Test
    void aMessageBeyondTheCountIsRejectedAtOnce() {
        World world = new World("store.max.messages", 3);
        for (int i = 0; i < 3; i++) {
            world.publish("t", "x", 1 + i % 2);
        }
        RejectedException full = rejection(world, world.publish("t", "x"));
        assertEquals(Reason.FULL, full.reason());
        assertTrue(full.getMessage().contains("store.max.messages"), full.getMessage());
    }

    @Test
    void spaceIsFreedByTheAcknowledgementAtOnce() { // kura#2006, mosquitto#2256
        World world = World.connected("store.max.messages", 2);
        world.publish("t", "1");
        world.publish("t", "2");
        rejection(world, world.publish("t", "no"));
        world.broker.takeAll();
        for (int id = 1; id <= 20; id++) {
            world.broker.sends("PUBACK id=" + id);
            assertTrue(world.publish("t", "more").id() > 0, "after PUBACK " + id);
            rejection(world, world.publish("t", "no"));
        }
    }

    @Test
    void rejectedMessagesReachNothingAndTakeNoNumber() {
        World world = new World("store.max.messages", 1);
        Publication first = world.publish("t", "1");
        rejection(world, world.publish("t", "2"));
        world.broker.acceptsNewClient().expects("PUBLISH q1 id=1 t 1").expectsNothing().sends("PUBACK id=1");
        assertEquals(Kind.DELIVERED, world.outcome(first));
        assertEquals(2, world.publish("t", "3").id());
    }

    @Test
    void acceptedMeansStoredCompletes() {
        World world = new World();
        Publication publication = world.client.publisher().publish(Message.to("t").build());
        var stored = publication.stored();
        world.scheduler.run();
        assertEquals(Durability.MEMORY, world.now(stored));
        assertEquals(Durability.MEMORY, world.now(publication.stored()));
    }

    @Test
    void aTooLargeMessageIsRejectedWithTheLimit() {
        World world = new World("packet.max.bytes", 1000);
        world.publish("t", "x".repeat(990));
        RejectedException large = rejection(world, world.publish("t", "x".repeat(991)));
        assertEquals(Reason.TOO_LARGE, large.reason());
        assertTrue(large.getMessage().contains("packet.max.bytes") && large.getMessage().contains("992"),
                large.getMessage());
        world.broker.acceptsNewClient().expects("PUBLISH q1 id=1 t *").expectsNothing();
    }

    @Test
    void withDropOldestTheOldestNeverSentMessageGivesWay() {
        World world = new World("store.max.messages", 3, "store.overflow", "drop-oldest");
        List<Publication> all = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            all.add(world.publish("t", "" + i));
        }
        assertEquals(Kind.DROPPED, world.outcome(all.get(0)));
        assertEquals(Kind.DROPPED, world.outcome(all.get(1)));
        assertEquals(2, world.takeEvents().stream().filter("DROPPED t"::equals).count());
        world.broker.acceptsNewClient().expects("PUBLISH q1 id=1 t 3", "PUBLISH q1 id=2 t 4", "PUBLISH q1 id=3 t 5")
                .expectsNothing();
    }

    @Test
    void aDroppedMessageSaysWhy() { // mosquitto#3394
        World world = new World("store.max.messages", 1, "store.overflow", "drop-oldest");
        var delivered = world.publish("t", "1").delivered().toCompletableFuture();
        world.publish("t", "2");
        assertEquals(Kind.DROPPED, world.now(delivered).kind());
        assertTrue(world.now(delivered).reason().contains("store.overflow"), world.now(delivered).reason());
    }

    @Test
    void theLeastUrgentLaneGivesWayFirst() {
        World world = new World("store.max.messages", 3, "store.overflow", "drop-oldest");
        Publication alarm = world.publish(Message.to("alarm").lane(0).build());
        Publication normal = world.publish(Message.to("normal").lane(2).build());
        Publication bulk = world.publish(Message.to("bulk").lane(3).build());
        Publication another = world.publish(Message.to("alarm").lane(0).build());
        assertEquals(List.of(Kind.PENDING, Kind.PENDING, Kind.DROPPED, Kind.PENDING), List.of(world.outcome(alarm),
                world.outcome(normal), world.outcome(bulk), world.outcome(another)));
        world.publish(Message.to("alarm").lane(0).build());
        assertEquals(Kind.DROPPED, world.outcome(normal));
    }

    @Test
    void whatWasSentNeverGivesWay() {
        World world = World.connected("store.max.messages", 3, "store.overflow", "drop-oldest");
        List<Publication> sent = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            sent.add(world.publish("t", "" + i));
        }
        world.broker.takeAll();
        world.broker.networkBreaks();
        for (int i = 4; i <= 9; i++) {
            world.publish("t", "" + i);
        }
        for (Publication each : sent) {
            assertEquals(Kind.PENDING, world.outcome(each));
        }
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 t 1", "PUBLISH dup q1 id=2 t 2",
                "PUBLISH dup q1 id=3 t 3");
    }

    @Test
    void aBoundThatIsLoweredWithDropOldestActsWithTheNextMessage() {
        World world = new World();
        for (int i = 1; i <= 10; i++) {
            world.publish("t", "" + i);
        }
        world.reconfigure("store.max.messages", 6, "store.overflow", "drop-oldest");
        world.publish("t", "11");
        world.broker.awaitsClient();
        world.broker.acceptsNewClient();
        List<String> sent = world.broker.takeAll();
        assertEquals(6, sent.size(), sent.toString());
        assertTrue(sent.get(5).endsWith("t 11"));
    }

    @Test
    void theStateFullIsLeftByItself() { // mosquitto#2256
        World world = World.connected("store.max.bytes", 3000, "inflight.max", 2);
        for (int round = 0; round < 50; round++) {
            int accepted = 0;
            while (world.publish("t", PAYLOAD_807).id() > 0) {
                accepted++;
            }
            assertEquals(3, accepted, "round " + round);
            for (List<String> sent = world.broker.takeAll(); !sent.isEmpty(); sent = world.broker.takeAll()) {
                sent.forEach(packet -> world.broker.sends("PUBACK " + packet.split(" ")[2]));
            }
        }
    }

    // ---- QoS 0 ----------------------------------------------------------------------------------------------------

    @Test
    void qos0IsDeliveredWhenItIsWritten() {
        World world = World.connected();
        Publication publication = world.publish("t", "1", 0);
        assertEquals(Durability.VOLATILE, world.now(publication.stored()));
        world.broker.expects("PUBLISH q0 t 1");
        assertEquals(Kind.DELIVERED, world.outcome(publication));
    }

    @Test
    void qos0WithoutAConnectionIsRejected() {
        World world = new World();
        RejectedException offline = rejection(world, world.publish("t", "1", 0));
        assertEquals(Reason.OFFLINE, offline.reason());
        assertTrue(offline.getMessage().contains("qos0.offline"), offline.getMessage());
        world.broker.acceptsNewClient().expectsNothing();
    }

    @Test
    void qos0IsKeptOfflineWhenAsked() {
        World world = new World("qos0.offline", true);
        Publication publication = world.publish("t", "1", 0);
        world.broker.acceptsNewClient().expects("PUBLISH q0 t 1");
        assertEquals(Kind.DELIVERED, world.outcome(publication));
    }

    @Test
    void qos0WhoseBytesMayHaveLeftIsNeverRepeated() {
        World world = World.connected("qos0.offline", true);
        world.broker.takesBytes(4);
        Publication publication = world.publish("t", "1", 0);
        assertEquals(Kind.PENDING, world.outcome(publication));
        world.broker.networkBreaks().takesBytes(Integer.MAX_VALUE);
        assertEquals(Kind.DROPPED, world.outcome(publication));
        world.broker.acceptsAgain(true).expectsNothing();
    }

    @Test
    void qos0ThatWaitsWhenTheLinkIsLostIsDroppedUnlessKeptOffline() {
        World world = World.connected("rate.messages", 1, "rate.burst", 1);
        world.publish("t", "1", 0);
        Publication second = world.publish("t", "2", 0);
        world.broker.expects("PUBLISH q0 t 1").networkBreaks();
        assertEquals(Kind.DROPPED, world.outcome(second));
        World keeping = World.connected("rate.messages", 1, "rate.burst", 1, "qos0.offline", true);
        keeping.publish("t", "1", 0);
        Publication kept = keeping.publish("t", "2", 0);
        keeping.broker.expects("PUBLISH q0 t 1").networkBreaks();
        assertEquals(Kind.PENDING, keeping.outcome(kept));
        keeping.broker.acceptsAgain(true).after(Duration.ofSeconds(2)).expects("PUBLISH q0 t 2");
    }

    @Test
    void qos0AdmittedInTheMomentOfTheLossEndsWithIt() {
        World world = World.connected();
        Publication publication = world.client.publisher()
                .publish(Message.to("t").qos(mqtt.resilient.api.Qos.AT_MOST_ONCE).build());
        world.broker.networkBreaks();
        assertTrue(publication.id() > 0);
        assertEquals(Kind.DROPPED, world.outcome(publication));
    }

    @Test
    void qos0HasItsOwnBound() {
        World world = new World("qos0.offline", true, "qos0.max.bytes", 3000, "store.max.bytes", 1024);
        for (int i = 0; i < 3; i++) {
            assertTrue(world.publish("t", PAYLOAD_807, 0).id() > 0);
        }
        RejectedException full = rejection(world, world.publish("t", "", 0));
        assertEquals(Reason.FULL, full.reason());
        assertTrue(full.getMessage().contains("qos0.max.bytes"), full.getMessage());
        assertTrue(world.publish("t", PAYLOAD_807, 1).id() > 0, "QoS 1 has its own");
        world.broker.acceptsNewClient();
        assertEquals(4, world.broker.takeAll().size());
    }

    @Test
    void qos0BeyondItsBoundPushesOutTheOldestWithDropOldest() {
        World world = new World("qos0.offline", true, "qos0.max.bytes", 2000, "store.overflow", "drop-oldest");
        List<Publication> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            all.add(world.publish("t", i + "x".repeat(806), 0));
        }
        assertEquals(Kind.DROPPED, world.outcome(all.get(0)));
        assertEquals(Kind.DROPPED, world.outcome(all.get(1)));
        world.broker.acceptsNewClient().expects("PUBLISH q0 t 2*", "PUBLISH q0 t 3*").expectsNothing();
    }

    @Test
    void qos0ThatIsBeingWrittenDoesNotBreakTheBound() {
        World world = World.connected("store.overflow", "drop-oldest");
        world.broker.takesBytes(0);
        Publication first = world.publish("t", "x".repeat(1600), 0);
        world.reconfigure("store.overflow", "drop-oldest", "qos0.max.bytes", 1024);
        Publication second = world.publish("t", "x", 0);
        world.broker.takesBytes(Integer.MAX_VALUE);
        assertEquals(Kind.DELIVERED, world.outcome(first));
        Kind end = world.outcome(second);
        assertTrue(end == Kind.DELIVERED || end == Kind.DROPPED, end.toString());
    }

    @Test
    void neitherQos0NorTheOthersStarve() {
        World world = World.connected("rate.messages", 10, "rate.burst", 1);
        for (int i = 0; i < 50; i++) {
            world.publish("zero", "" + i, 0);
            world.publish("one", "" + i, 1);
        }
        world.broker.after(Duration.ofSeconds(3));
        List<String> sent = world.broker.takeAll();
        long zero = sent.stream().filter(packet -> packet.contains(" zero ")).count();
        long one = sent.size() - zero;
        assertTrue(zero >= 10 && one >= 10, zero + " QoS 0 and " + one + " QoS 1");
    }
}
