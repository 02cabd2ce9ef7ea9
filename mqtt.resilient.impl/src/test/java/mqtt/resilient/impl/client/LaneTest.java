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

/** Lanes, the window, the rate limit, and the retain flag of what is published. */
class LaneTest {

    private static Message message(int lane, String payload) {
        return Message.to("t" + lane).payload(payload).lane(lane).build();
    }

    @Test
    void lanesGoInTheirOrderAndEachInItsOwn() {
        World world = new World();
        for (int i = 1; i <= 3; i++) {
            for (int lane = 3; lane >= 0; lane--) {
                world.publish(message(lane, "" + i));
            }
        }
        world.broker.acceptsNewClient();
        List<String> sent = world.broker.takeAll().stream().map(packet -> packet.replaceAll(".* (t.*)", "$1")).toList();
        assertEquals(List.of("t0 1", "t0 2", "t0 3", "t1 1", "t1 2", "t1 3", "t2 1", "t2 2", "t2 3", "t3 1", "t3 2",
                "t3 3"), sent);
    }

    @Test
    void anAlarmOvertakesAFullWindow() {
        World world = World.connected("inflight.max", 20);
        for (int i = 0; i < 100; i++) {
            world.publish("t", "" + i);
        }
        assertEquals(18, world.broker.takeAll().size()); // two of twenty are kept
        world.publish(message(0, "!"));
        world.publish(message(0, "!!"));
        world.publish(message(0, "!!!"));
        world.broker.expects("PUBLISH q1 id=19 t0 !", "PUBLISH q1 id=20 t0 !!").expectsNothing();
        world.broker.sends("PUBACK id=5").expects("PUBLISH q1 id=21 t0 !!!").expectsNothing();
        world.broker.sends("PUBACK id=19", "PUBACK id=20", "PUBACK id=21").expectsNothing(); // not for the others
    }

    @Test
    void aFullWindowIsFilledAgainOnceAQuarterOfItIsFree() {
        World world = World.connected("inflight.max", 20);
        for (int i = 0; i < 100; i++) {
            world.publish("t", "" + i);
        }
        assertEquals(18, world.broker.takeAll().size());
        world.broker.sends("PUBACK id=1", "PUBACK id=2").expectsNothing().sends("PUBACK id=3").expectsNothing();
        world.broker.sends("PUBACK id=4")
                .expects("PUBLISH q1 id=19 t 18", "PUBLISH q1 id=20 t 19", "PUBLISH q1 id=21 t 20",
                        "PUBLISH q1 id=22 t 21")
                .expectsNothing();
    }

    @Test
    void aWindowThatIsNotFullTakesAMessageAtOnceAlsoAfterItWasFull() {
        World world = World.connected("inflight.max", 20);
        for (int i = 0; i < 18; i++) {
            world.publish("t", "" + i);
        }
        world.publish(message(2, "waits"));
        assertEquals(18, world.broker.takeAll().size());
        world.broker.sends("PUBACK id=1", "PUBACK id=2", "PUBACK id=3", "PUBACK id=4")
                .expects("PUBLISH q1 id=19 t2 waits");
        world.publish(message(1, "one"));
        world.broker.expects("PUBLISH q1 id=20 t1 one");
        world.publish(message(2, "two"));
        world.broker.expects("PUBLISH q1 id=21 t2 two").expectsNothing();
    }

    @Test
    void anAlarmWithQos2ThatDidNotFitIntoTheBufferGoesBeforeLaterAlarms() {
        World world = new World();
        world.publish(message(0, "1"));
        world.publish(Message.to("t0").payload("x".repeat(70_000)).lane(0).qos(Qos.EXACTLY_ONCE).build());
        world.publish(message(0, "3"));
        world.publish(message(0, "4"));
        world.broker.acceptsNewClient().expects("PUBLISH q1 id=1 t0 1", "PUBLISH q2 id=2 t0 x*", "PUBLISH q1 id=4 t0 3",
                "PUBLISH q1 id=5 t0 4").expectsNothing();
    }

    @Test
    void aWindowOfOneKeepsNoSlot() {
        World world = World.connected("inflight.max", 1);
        world.publish("t", "1");
        world.publish(message(0, "!"));
        world.broker.expects("PUBLISH q1 id=1 t 1").expectsNothing().sends("PUBACK id=1")
                .expects("PUBLISH q1 id=2 t0 !");
    }

    @Test
    void theWindowCountsBytesToo() {
        World world = World.connected("inflight.max.bytes", 1000);
        for (int i = 1; i <= 3; i++) {
            world.publish("t", "x".repeat(300)); // 365 each
        }
        assertEquals(2, world.broker.takeAll().size());
        world.broker.sends("PUBACK id=2").expects("PUBLISH q1 id=3 *");
    }

    @Test
    void aLargerMessageIsNotOvertakenByTheBacklogOfALaterLane() {
        World world = World.connected("inflight.max.bytes", 1000);
        for (int i = 1; i <= 50; i++) {
            world.publish(message(3, "x".repeat(100)));
        }
        int inFlight = world.broker.takeAll().size();
        world.publish(message(1, "x".repeat(700)));
        world.broker.expectsNothing();
        int acknowledged = 0;
        List<String> sent = List.of();
        while (sent.isEmpty()) {
            world.broker.sends("PUBACK id=" + ++acknowledged);
            sent = world.broker.takeAll();
        }
        assertTrue(sent.get(0).contains(" t1 "), sent.toString());
        assertTrue(acknowledged < inFlight, acknowledged + " of " + inFlight);
    }

    @Test
    void theBoundOfQos2HoldsUpItsOwnLaneOnly() {
        World world = World.connected();
        world.broker.hangsUp().acceptsAgain(true);
        for (int i = 1; i <= 30; i++) {
            world.publish(Message.to("t1").lane(1).qos(Qos.EXACTLY_ONCE).build());
        }
        assertEquals(20, world.broker.takeAll().size());
        world.publish(message(2, "passes"));
        world.broker.expects("PUBLISH q1 id=21 t2 passes").expectsNothing();
    }

    @Test
    void aMessageLargerThanTheWindowGoesAlone() {
        World world = World.connected("inflight.max.bytes", 1000);
        world.publish("t", "small");
        world.publish("t", "x".repeat(5000));
        world.publish("t", "small");
        world.broker.expects("PUBLISH q1 id=1 t small").expectsNothing().sends("PUBACK id=1")
                .expects("PUBLISH q1 id=2 t x*")
                .expectsNothing().sends("PUBACK id=2").expects("PUBLISH q1 id=3 t small");
    }

    @Test
    void anAlarmPassesTheBytesOfTheWindow() {
        World world = World.connected("inflight.max.bytes", 1000);
        world.publish("t", "x".repeat(5000));
        world.broker.expects("PUBLISH q1 id=1 *");
        world.publish(message(0, "!"));
        world.broker.expects("PUBLISH q1 id=2 t0 !");
    }

    @Test
    void theCallerIsNeverBlockedByTheWindow() {
        World world = World.connected();
        List<Publication> all = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            all.add(world.client.publisher().publish(Message.to("t").payload("" + i).qos(Qos.of(1 + i % 2)).build()));
        }
        int expected = 0;
        for (List<String> sent = world.broker.takeAll(); !sent.isEmpty(); sent = world.broker.takeAll()) {
            for (String packet : sent) {
                String[] words = packet.split(" ");
                switch (words[0]) {
                    case "PUBLISH" -> {
                        assertEquals("" + expected++, words[4], "in order");
                        world.broker.sends((words[1].equals("q1") ? "PUBACK " : "PUBREC ") + words[2]);
                    }
                    default -> world.broker.sends("PUBCOMP " + words[1]);
                }
            }
        }
        for (Publication each : all) {
            assertEquals(Kind.DELIVERED, world.client.publisher().outcome(each.id()).kind());
        }
    }

    @Test
    void retainIsSentAndRepeated() { // every publish was retained
        World world = World.connected();
        world.publish(Message.to("t").payload("last").retain(true).build());
        world.publish("t", "not");
        world.broker.expects("PUBLISH retain q1 id=1 t last", "PUBLISH q1 id=2 t not").hangsUp().acceptsAgain(true)
                .expects("PUBLISH dup retain q1 id=1 t last", "PUBLISH dup q1 id=2 t not");
    }

    // ---- rate -----------------------------------------------------------------------------------------------------

    @Test
    void theRateLimitsWhatIsSentPerSecond() {
        World world = World.connected("rate.messages", 5, "rate.burst", 3);
        for (int i = 0; i < 100; i++) {
            world.publish("t", "" + i, i % 3);
        }
        assertEquals(3, world.broker.takeAll().size());
        int sent = 0;
        for (int i = 0; i < 40; i++) {
            world.broker.after(Duration.ofMillis(100));
            for (String packet : world.broker.takeAll()) {
                if (packet.startsWith("PUBLISH")) {
                    sent++;
                    if (!packet.contains(" q0 ")) {
                        world.broker.sends((packet.contains(" q1 ") ? "PUBACK " : "PUBREC ") + packet.split(" ")[2]);
                    }
                } else {
                    world.broker.sends("PUBCOMP " + packet.split(" ")[1]);
                }
            }
        }
        assertEquals(20, sent, "4 s at 5 per second");
    }

    @Test
    void anAlarmBypassesTheRate() {
        World world = World.connected("rate.messages", 0.1, "rate.burst", 1);
        world.publish("t", "1");
        world.publish("t", "2");
        world.publish(message(0, "!"));
        world.publish(message(0, "!!"));
        world.broker.expects("PUBLISH q1 id=1 t 1", "PUBLISH q1 id=2 t0 !", "PUBLISH q1 id=3 t0 !!").expectsNothing();
    }

    @Test
    void aPauseSavesUpABurstAndNoMore() {
        World world = World.connected("rate.messages", 10, "rate.burst", 4);
        world.broker.after(Duration.ofSeconds(10));
        for (int i = 0; i < 10; i++) {
            world.publish("t", "" + i);
        }
        assertEquals(4, world.broker.takeAll().size());
    }

    @Test
    void aReplayIsRateLimitedToo() { // a fleet that comes back must not knock over the broker
        World world = World.connected();
        for (int i = 1; i <= 10; i++) {
            world.publish("t", "" + i);
        }
        world.broker.takeAll();
        world.broker.hangsUp();
        world.reconfigure("rate.messages", 2, "rate.burst", 2);
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 t 1", "PUBLISH dup q1 id=2 t 2").expectsNothing()
                .after(Duration.ofSeconds(1)).expects("PUBLISH dup q1 id=3 t 3", "PUBLISH dup q1 id=4 t 4")
                .expectsNothing();
    }

    @Test
    void aMessageHeldByTheRateDoesNotCountAsUnanswered() {
        World world = World.connected("rate.messages", 0.01, "rate.burst", 1);
        world.publish("t", "1");
        world.publish("t", "2");
        world.broker.expects("PUBLISH q1 id=1 t 1").sends("PUBACK id=1").after(Duration.ofSeconds(14)).expectsNothing();
        assertTrue(world.broker.isConnected());
    }

    @Test
    void switchingTheRateOffSendsEverything() {
        World world = World.connected("rate.messages", 0.1, "rate.burst", 1);
        for (int i = 0; i < 10; i++) {
            world.publish("t", "" + i);
        }
        assertEquals(1, world.broker.takeAll().size());
        world.reconfigure();
        assertEquals(9, world.broker.takeAll().size());
    }
}
