package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** Expiry, age and cancel touch only messages that were never sent. */
class ExpiryTest {

    private static Message expiring(String payload, int seconds) {
        return Message.to("t").payload(payload).expiresAfter(Duration.ofSeconds(seconds)).build();
    }

    @Test
    void aQueuedMessageExpiresOnTimeWhileOffline() { // per-message expiry
        World world = new World();
        world.broker.isReachable(false);
        Publication publication = world.publish(expiring("1", 10));
        var delivered = publication.delivered();
        world.broker.after(Duration.ofMillis(9_900));
        assertEquals(Kind.PENDING, world.outcome(publication));
        world.broker.after(Duration.ofMillis(1_200));
        assertEquals(Kind.EXPIRED, world.outcome(publication));
        assertEquals(Kind.EXPIRED, world.now(delivered).kind());
        assertTrue(world.takeEvents().contains("EXPIRED t"));
    }

    @Test
    void whatExpiredWhileOfflineIsNotSent() { // drop, retry with deadline, deliver at any cost
        World world = new World();
        world.broker.isReachable(false);
        world.publish(expiring("short", 5));
        world.publish(expiring("long", 7200));
        world.publish("t", "for ever");
        world.broker.after(Duration.ofMinutes(10)).isReachable(true).awaitsClient().acceptsNewClient()
                .expects("PUBLISH q1 id=1 t long", "PUBLISH q1 id=2 t for ever").expectsNothing();
    }

    @Test
    void aMessageThatIsJustTooOldIsNotSentEvenBeforeTheSweep() {
        World world = World.connected("inflight.max", 1);
        world.publish("t", "1");
        Publication publication = world.publish(expiring("2", 3));
        world.broker.expects("PUBLISH q1 id=1 t 1").after(Duration.ofMillis(3_000)).sends("PUBACK id=1")
                .expectsNothing();
        assertEquals(Kind.EXPIRED, world.outcome(publication));
    }

    @Test
    void aMessageThatIsInTimeIsSentInTheLastMoment() {
        World world = World.connected("inflight.max", 1);
        world.publish("t", "1");
        world.publish(expiring("2", 3));
        world.broker.expects("PUBLISH q1 id=1 t 1").after(Duration.ofNanos(2_999_999_999L)).sends("PUBACK id=1")
                .expects("PUBLISH q1 id=2 t 2");
    }

    @Test
    void aMessageThatWasSentNeverExpires() {
        World world = World.connected();
        Publication publication = world.publish(expiring("1", 2));
        world.broker.expects("PUBLISH q1 id=1 t 1").after(Duration.ofSeconds(5)).hangsUp().after(Duration.ofSeconds(5));
        world.broker.takeAll();
        world.broker.networkBreaks().acceptsAgain(true).expects("PUBLISH dup q1 id=1 t 1").sends("PUBACK id=1");
        assertEquals(Kind.DELIVERED, world.outcome(publication));
    }

    @Test
    void qos0ExpiresOnTimeToo() {
        World world = new World("qos0.offline", true);
        world.broker.isReachable(false);
        Publication publication = world.publish(Message.to("t").qos(Qos.AT_MOST_ONCE)
                .expiresAfter(Duration.ofSeconds(5)).build());
        world.broker.after(Duration.ofSeconds(15));
        assertEquals(Kind.EXPIRED, world.outcome(publication));
    }

    @Test
    void qos0ThatExpiredWhileOfflineIsNotSent() {
        World world = new World("qos0.offline", true);
        world.broker.isReachable(false);
        Publication publication = world.publish(Message.to("t").qos(Qos.AT_MOST_ONCE)
                .expiresAfter(Duration.ofSeconds(5)).build());
        world.broker.after(Duration.ofMinutes(5)).isReachable(true).awaitsClient().acceptsNewClient().expectsNothing();
        assertEquals(Kind.EXPIRED, world.outcome(publication));
    }

    @Test
    void aLargeBacklogExpiresWithinSeconds() {
        World world = new World();
        world.broker.isReachable(false);
        List<Publication> all = new ArrayList<>();
        for (int i = 0; i < 16_000; i++) {
            all.add(world.client.publisher()
                    .publish(i % 4 == 0 ? expiring("x", 60) : Message.to("t").lane(i % 4).build()));
        }
        world.broker.after(Duration.ofSeconds(70));
        for (int i = 0; i < all.size(); i++) {
            assertEquals(i % 4 == 0 ? Kind.EXPIRED : Kind.PENDING,
                    world.client.publisher().outcome(all.get(i).id()).kind());
        }
    }

    @Test
    void aMessageOlderThanTheStoresAgeIsDroppedWithAReason() {
        World world = new World("store.max.age.seconds", 30);
        world.broker.isReachable(false);
        Publication publication = world.publish("t", "1");
        var delivered = publication.delivered();
        world.broker.after(Duration.ofSeconds(29));
        assertEquals(Kind.PENDING, world.outcome(publication));
        world.broker.after(Duration.ofSeconds(3));
        assertEquals(Kind.DROPPED, world.outcome(publication));
        assertTrue(world.now(delivered).reason().contains("store.max.age.seconds"), world.now(delivered).reason());
        assertTrue(world.takeEvents().contains("DROPPED t"));
    }

    @Test
    void anAgeThatIsSetWhileMessagesWaitActsOnThem() {
        World world = new World();
        world.broker.isReachable(false);
        Publication publication = world.publish("t", "1");
        world.broker.after(Duration.ofSeconds(60));
        world.reconfigure("store.max.age.seconds", 30);
        world.broker.after(Duration.ofSeconds(2));
        assertEquals(Kind.DROPPED, world.outcome(publication));
    }

    @Test
    void aClientWithNothingToExpireHasNoTimerForIt() { // an idle client costs nothing
        World world = World.connected();
        world.publish(expiring("1", 1000));
        world.broker.expects("PUBLISH q1 id=1 t 1").sends("PUBACK id=1").after(Duration.ofSeconds(1));
        int wakeUps = 0;
        long end = world.scheduler.nanoTime() + 12_000_000_000L;
        while (world.scheduler.advanceToNext(Duration.ofNanos(end - world.scheduler.nanoTime()))) {
            wakeUps++;
        }
        assertTrue(wakeUps <= 3, wakeUps + " wake-ups in 12 idle seconds");
    }

    // ---- cancel ---------------------------------------------------------------------------------------------------

    @Test
    void aMessageThatWasNeverSentIsWithdrawn() {
        World world = new World();
        Publication first = world.publish("t", "1");
        Publication second = world.publish("t", "2");
        Publication third = world.publish("t", "3");
        var delivered = second.delivered();
        var cancelled = second.cancel();
        world.scheduler.run();
        assertTrue(world.now(cancelled));
        assertEquals(Kind.CANCELLED, world.now(delivered).kind());
        world.broker.acceptsNewClient().expects("PUBLISH q1 id=1 t 1", "PUBLISH q1 id=2 t 3").expectsNothing()
                .sends("PUBACK id=1", "PUBACK id=2");
        assertEquals(Kind.DELIVERED, world.outcome(first));
        assertEquals(Kind.CANCELLED, world.outcome(second));
        assertEquals(Kind.DELIVERED, world.outcome(third));
    }

    @Test
    void aMessageThatWasSentIsNotWithdrawn() { // a timeout does not prove non-delivery
        World world = World.connected();
        Publication publication = world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1").hangsUp();
        var cancelled = publication.cancel();
        world.scheduler.run();
        assertEquals(false, world.now(cancelled));
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 t 1").sends("PUBACK id=1");
        assertEquals(Kind.DELIVERED, world.outcome(publication));
    }

    @Test
    void aSecondCancelAndACancelAfterTheEndChangeNothing() {
        World world = new World();
        Publication publication = world.publish("t", "1");
        publication.cancel();
        var second = publication.cancel();
        world.scheduler.run();
        assertEquals(false, world.now(second));
        assertEquals(Kind.CANCELLED, world.outcome(publication));
        world.broker.acceptsNewClient().expectsNothing();
        Publication delivered = world.publish("t", "2");
        world.broker.expects("PUBLISH q1 id=1 t 2").sends("PUBACK id=1");
        var late = delivered.cancel();
        world.scheduler.run();
        assertEquals(false, world.now(late));
        assertEquals(Kind.DELIVERED, world.outcome(delivered));
    }

    @Test
    void aQos0MessageThatWaitsIsWithdrawnToo() {
        World world = new World("qos0.offline", true);
        Publication publication = world.publish("t", "1", 0);
        var cancelled = publication.cancel();
        world.scheduler.run();
        assertTrue(world.now(cancelled));
        world.broker.acceptsNewClient().expectsNothing();
        assertEquals(Kind.CANCELLED, world.outcome(publication));
    }

    @Test
    void aCancelledMessageFreesItsSpaceAtOnce() {
        World world = new World("store.max.messages", 1);
        Publication publication = world.publish("t", "1");
        assertEquals(0, world.publish("t", "2").id());
        publication.cancel();
        world.scheduler.run();
        assertTrue(world.publish("t", "3").id() > 0);
    }
}
