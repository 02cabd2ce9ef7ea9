package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** Pings are due when either direction is idle, and a ping without an answer ends the link. */
class KeepAliveTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    @Test
    void anIdleLinkIsPingedEveryQuarterOfTheKeepalive() {
        World world = World.connected();
        for (int i = 0; i < 10; i++) {
            world.broker.after(Duration.ofMillis(14_900)).expectsNothing().after(Duration.ofMillis(100))
                    .expects("PINGREQ").sends("PINGRESP").expectsNothing();
        }
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void withoutAKeepaliveAPingGoesEvery20Seconds() {
        World world = World.connected("keepalive.seconds", 0);
        world.broker.after(Duration.ofMillis(19_900)).expectsNothing().after(Duration.ofMillis(100)).expects("PINGREQ");
    }

    @Test
    void aLinkThatOnlySendsIsPingedBecauseNothingComesBack() { // HiveMQ #357, paho pinger
        World world = World.connected();
        int pings = 0;
        for (int second = 0; second < 60; second++) {
            world.publish("t", "" + second, 0);
            world.broker.after(SECOND);
            for (String packet : world.broker.takeAll()) {
                if (packet.equals("PINGREQ")) {
                    pings++;
                    world.broker.sends("PINGRESP");
                }
            }
        }
        assertTrue(pings >= 3 && pings <= 5, pings + " pings in a minute");
    }

    @Test
    void aHalfOpenLinkThatOnlySendsIsNoticed() {
        World world = World.connected();
        int seconds = 0;
        while (world.broker.isConnected()) {
            world.publish("t", "" + seconds, 0);
            world.broker.after(SECOND);
            seconds++;
            assertTrue(seconds <= 26, "15 s to the ping and 10 s to its deadline");
        }
        assertTrue(world.reason().contains("no PINGRESP"), world.reason());
    }

    @Test
    void aLinkThatOnlyReceivesIsPingedBecauseTheBrokerMustHear() { // MQTTnet PR #2259
        World world = World.connected();
        world.subscribe("in", 0, message -> {});
        world.broker.expects("SUBSCRIBE id=1 in:0").sends("SUBACK id=1 0");
        int pings = 0;
        for (int second = 0; second < 60; second++) {
            world.broker.sends("PUBLISH q0 in x").after(SECOND);
            pings += Collections.frequency(world.broker.takeAll(), "PINGREQ");
            if (pings > 0) {
                world.broker.sends("PINGRESP");
            }
        }
        assertTrue(pings >= 3 && pings <= 5, pings + " pings in a minute");
        assertTrue(world.broker.isConnected());
    }

    @Test
    void aBusyLinkIsNotPinged() {
        World world = World.connected();
        for (int second = 1; second <= 60; second++) {
            world.publish("t", "x");
            List<String> sent = world.broker.takeAll();
            assertEquals(1, sent.size(), sent.toString());
            world.broker.sends("PUBACK " + sent.get(0).split(" ")[2]).after(SECOND);
        }
    }

    @Test
    void aMissingPingrespEndsTheLinkAfterTheResponseTime() { // MQTTnet #2248
        World world = World.connected();
        world.broker.after(Duration.ofSeconds(15)).expects("PINGREQ").after(Duration.ofMillis(9_900));
        assertTrue(world.broker.isConnected());
        world.broker.after(Duration.ofMillis(200));
        assertEquals(ConnectionState.WAITING, world.state());
        assertTrue(world.reason().contains("no PINGRESP"), world.reason());
    }

    @Test
    void theClientGivesUpBeforeTheBrokersDeadlineForTheClient() { // client timer < 1.5 keepalive
        World world = World.connected();
        world.broker.after(Duration.ofSeconds(60));
        assertFalse(world.events.get(world.events.size() - 1).equals("ONLINE"));
    }

    @Test
    void aPingOverASlowLinkWaitsWhileOtherBytesArrive() {
        World world = World.connected();
        world.subscribe("in", 0, message -> {});
        world.broker.expects("SUBSCRIBE id=1 in:0").sends("SUBACK id=1 0").after(Duration.ofSeconds(15))
                .expects("PINGREQ");
        for (int i = 0; i < 4; i++) {
            world.broker.after(Duration.ofSeconds(8)).sends("PUBLISH q0 in x");
            assertTrue(world.broker.isConnected());
        }
        world.broker.sends("PINGRESP").after(Duration.ofSeconds(9));
        assertTrue(world.broker.isConnected());
    }

    @Test
    void butNotForEver() { // MQTTnet #2248: connected for 17 hours
        World world = World.connected();
        world.subscribe("in", 0, message -> {});
        world.broker.expects("SUBSCRIBE id=1 in:0").sends("SUBACK id=1 0").after(Duration.ofSeconds(15))
                .expects("PINGREQ");
        for (int seconds = 0; world.broker.isConnected(); seconds += 2) {
            world.broker.sends("PUBLISH q0 in x").after(Duration.ofSeconds(2));
            assertTrue(seconds < 90, "a ping without an answer for " + seconds + " s");
        }
        assertTrue(world.reason().contains("no PINGRESP within 90.0 s"), world.reason());
    }

    @Test
    void withoutAKeepaliveSixtyResponseTimesAreEnough() {
        World world = World.connected("keepalive.seconds", 0, "response.seconds", 5);
        world.subscribe("in", 0, message -> {});
        world.broker.expects("SUBSCRIBE id=1 in:0").sends("SUBACK id=1 0").after(Duration.ofSeconds(20))
                .expects("PINGREQ");
        int seconds = 0;
        for (; world.broker.isConnected(); seconds += 2) {
            world.broker.sends("PUBLISH q0 in x").after(Duration.ofSeconds(2));
            assertTrue(seconds <= 306, "a ping without an answer for " + seconds + " s");
        }
        assertTrue(seconds > 290, seconds + " s");
    }

    @Test
    void aLinkThatNeedsLongerThanTheKeepaliveGetsItsTimeInTheEnd() { // the response time doubles
        World world = World.connected("keepalive.seconds", 10);
        int longest = 0;
        for (int link = 0; link < 4; link++) {
            int begun = longest;
            world.broker.take("PINGREQ");
            int seconds = 0;
            for (; world.broker.isConnected(); seconds++) {
                world.broker.sends("PUBLISH q0 in x").after(Duration.ofSeconds(1));
                assertTrue(seconds < 200, "for ever");
            }
            longest = seconds;
            assertTrue(link == 0 || longest > begun, longest + " s after " + begun);
            world.broker.awaitsClient().take("PINGREQ");
            world.broker.accepts(true);
        }
    }

    @Test
    void aPingThatWasNotAskedForIsHarmless() {
        World world = World.connected();
        world.broker.sends("PINGRESP", "PINGRESP").after(Duration.ofSeconds(15)).expects("PINGREQ");
        assertTrue(world.broker.isConnected());
    }

    @Test
    void afterAReconnectTheOldPingIsForgotten() { // keep-alive instances piled up
        World world = World.connected();
        world.broker.after(Duration.ofSeconds(15)).expects("PINGREQ").after(Duration.ofSeconds(5)).hangsUp()
                .acceptsAgain(true).after(Duration.ofSeconds(9)).expectsNothing();
        assertTrue(world.broker.isConnected());
        world.broker.after(Duration.ofMillis(6_100)).expects("PINGREQ").sends("PINGRESP").expectsNothing();
        assertTrue(world.broker.isConnected());
    }

    @Test
    void everyLossLeavesOnePingerNotTwo() {
        World world = World.connected();
        for (int i = 0; i < 5; i++) {
            world.broker.networkBreaks().acceptsAgain(true);
        }
        world.broker.after(Duration.ofSeconds(15)).expects("PINGREQ").expectsNothing();
    }
}
