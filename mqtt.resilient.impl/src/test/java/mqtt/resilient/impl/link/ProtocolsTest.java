package mqtt.resilient.impl.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.impl.engine.Keys;
import mqtt.resilient.impl.world.World;
import mqtt.resilient.v5.Mqtt5;
import org.junit.jupiter.api.Test;

/** Which version of MQTT is spoken with which broker, and what happens when that changes. */
class ProtocolsTest {
    private static final String FIVE = "CONNECT clean id=c keepalive=60 {*";
    private static final String BASIC = "CONNECT clean id=c keepalive=60";

    private static World auto(String... brokers) {
        return World.five("protocol", "auto", "brokers", brokers.length == 0 ? "mqtt://broker" : brokers);
    }

    /** The rest of the way for a new client of 3.1.1, whose first connection discards what the broker has. */
    private static void acceptBasic(World world) {
        world.broker.awaitsClient().expects(BASIC).sends("CONNACK").expects("DISCONNECT", "CONNECT id=c keepalive=60")
                .sends("CONNACK");
        assertEquals("3.1.1", world.client.status().protocol());
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void aBrokerThatRefusesProperlyIsSpokenToWithTheOlderVersionAtOnce() {
        World world = auto();
        world.broker.expects(FIVE).sends("CONNACK code=132");
        assertEquals(List.of(), world.takeEvents().stream().filter(event -> event.contains("permanent")).toList());
        acceptBasic(world);
    }

    @Test
    void aBrokerThatRefusesInTheFormOfTheOlderVersionIsToo() {
        World world = auto();
        world.broker.expects(FIVE).sendsBytes(new byte[] { 0x20, 2, 0, 1 });
        acceptBasic(world);
    }

    @Test
    void aBrokerThatHangsUpThreeTimesAndAcceptsTheOlderVersionIsToo() {
        World world = auto();
        for (int i = 0; i < 3; i++) {
            world.broker.awaitsClient().expects(FIVE).hangsUp();
        }
        acceptBasic(world);
        world.broker.hangsUp().awaitsClient().expects("CONNECT id=c keepalive=60");
    }

    @Test
    void aBrokerThatHangsUpOnEverybodyIsTriedWithBoth() {
        World world = auto();
        for (int i = 0; i < 3; i++) {
            world.broker.awaitsClient().expects(FIVE).hangsUp();
        }
        world.broker.awaitsClient().expects(BASIC).hangsUp().awaitsClient().expects(FIVE).sends("CONNACK");
        assertEquals("5", world.client.status().protocol());
    }

    @Test
    void aBrokerThatSaysNothingThreeTimesIsTriedWithBothInTurn() {
        World world = auto();
        for (String connect : List.of(FIVE, FIVE)) {
            world.broker.awaitsClient().expects(connect).after(Duration.ofSeconds(10));
        }
        world.broker.awaitsClient().expects(FIVE).after(Duration.ofSeconds(10)).expects(BASIC); // at once
        for (String connect : List.of(FIVE, BASIC, FIVE)) {
            world.broker.after(Duration.ofSeconds(10)).awaitsClient().expects(connect);
        }
        world.broker.after(Duration.ofSeconds(10));
        assertTrue(world.reason().startsWith("no CONNACK within response.seconds (10.0 s)"), world.reason());
        acceptBasic(world);
        world.broker.networkBreaks().awaitsClient().expects("CONNECT id=c keepalive=60");
    }

    @Test
    void aBrokerThatSpokeFiveAndSaysNothingIsNotTriedWithTheOlderVersion() {
        World world = auto();
        world.broker.expects(FIVE).sends("CONNACK").networkBreaks();
        for (int i = 0; i < 8; i++) {
            world.broker.awaitsClient().expects("CONNECT id=c keepalive=60 {*").after(Duration.ofSeconds(10));
        }
    }

    @Test
    void aHangUpIsNoRefusalOfABrokerThatSpeaksFive() {
        World world = auto();
        world.broker.expects(FIVE).sends("CONNACK");
        for (int i = 0; i < 5; i++) {
            world.broker.hangsUp().awaitsClient().expects("CONNECT id=c keepalive=60 {*");
        }
    }

    @Test
    void afterARestartTheStoreKnowsThatABrokerSpeaksFive() {
        World world = auto();
        world.broker.expects(FIVE).sends("CONNACK");
        world.client.offer(new Mqtt5()); // as after a restart, nothing is remembered but the session
        world.broker.take("DISCONNECT");
        for (int i = 0; i < 5; i++) {
            world.broker.awaitsClient().expects("CONNECT id=c keepalive=60 {*").hangsUp();
        }
    }

    @Test
    void aRefusalIsRememberedForADay() {
        World world = auto();
        world.broker.expects(FIVE).sends("CONNACK code=132");
        acceptBasic(world);
        world.broker.idles(Duration.ofHours(23)).networkBreaks().acceptsAgain(true);
        assertEquals("3.1.1", world.client.status().protocol());
        world.broker.idles(Duration.ofHours(2)).networkBreaks().awaitsClient().expects(FIVE).sends("CONNACK");
        assertTrue(world.takeEvents().contains("ONLINE session lost"));
    }

    private static World onBasic() {
        World world = World.unconfigured();
        world.client.configure("test", Keys.settings("protocol", "auto"));
        acceptBasic(world);
        world.client.offer(new Mqtt5());
        return world;
    }

    @Test
    void aSessionOfTheOlderVersionOutlivesARefusalOfTheNewerOne() {
        World world = onBasic();
        world.broker.expects("DISCONNECT", FIVE).sends("CONNACK code=132").awaitsClient()
                .expects("CONNECT id=c keepalive=60")
                .sends("CONNACK session-present");
        assertEquals("3.1.1", world.client.status().protocol());
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void aSessionOfTheOlderVersionOutlivesABrokerThatHangsUpOnTheNewerOne() {
        World world = onBasic();
        world.broker.expects("DISCONNECT", FIVE).hangsUp().awaitsClient().expects(FIVE).hangsUp().awaitsClient()
                .expects(FIVE)
                .hangsUp().awaitsClient().expects("CONNECT id=c keepalive=60").sends("CONNACK session-present");
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void aSessionThatALostConnackMayHaveEndedIsNotTakenForTheOneBefore() {
        World world = onBasic();
        world.broker.expects("DISCONNECT", FIVE); // and its CONNACK does not come
        world.client.offer(null);
        acceptBasic(world);
        assertTrue(world.takeEvents().contains("ONLINE session lost"));
    }

    @Test
    void aSessionOfTheNewerVersionThatTheOlderOneHasDiscardedIsNotResumed() {
        World world = auto();
        world.broker.expects(FIVE).sends("CONNACK");
        world.client.offer(null);
        world.broker.expects("DISCONNECT").awaitsClient().expects(BASIC).sends("CONNACK").expects("DISCONNECT",
                "CONNECT id=c keepalive=60"); // and its CONNACK does not come
        world.client.offer(new Mqtt5());
        world.broker.expects(FIVE).sends("CONNACK");
        assertTrue(world.takeEvents().contains("ONLINE session lost"));
    }

    @Test
    void theSameBundleOfferedAgainIsNoReasonToTryAgain() {
        World world = World.unconfigured();
        Mqtt5 five = new Mqtt5();
        world.client.offer(five);
        world.client.configure("test", Keys.settings("protocol", "auto"));
        world.broker.expects(FIVE).sends("CONNACK code=132");
        world.client.offer(five);
        acceptBasic(world);
        world.client.offer(five);
        world.broker.expectsNothing();
    }

    @Test
    void aRefusalIsThatOfOneBroker() {
        World world = auto("mqtt://one", "mqtt://two");
        world.broker.expects(FIVE).sends("CONNACK code=132").awaitsClient().expects(BASIC).isReachable(false).hangsUp()
                .isReachable(true).awaitsClient().expects(FIVE);
        assertEquals("mqtt://two:1883", world.client.status().broker());
    }

    @Test
    void whoInsistsOnFiveHasARefusalReported() {
        World world = World.five();
        world.broker.expects(FIVE).sendsBytes(new byte[] { 0x20, 2, 0, 1 });
        assertEquals("the broker refused: unsupported protocol version (tried 10.0.0.1:1883)", world.reason());
        assertTrue(world.takeEvents().contains("WAITING permanent"));
    }

    @Test
    void withoutTheBundleFiveIsAClearStatusAndTheBundleEndsIt() {
        World world = World.unconfigured();
        world.client.configure("test", Keys.settings("protocol", "5"));
        assertEquals(ConnectionState.FAILED, world.state());
        assertTrue(world.reason().startsWith("protocol: 5 is configured, but the bundle mqtt.resilient.v5 is missing"));
        world.client.offer(new Mqtt5());
        world.broker.expects(FIVE).sends("CONNACK");
        assertEquals(ConnectionState.ONLINE, world.state());
        world.client.offer(null);
        assertEquals(ConnectionState.FAILED, world.state());
        world.broker.expects("DISCONNECT");
    }

    @Test
    void theBundleMayComeAndGoAndWhatWasUnacknowledgedIsSentAsNew() {
        World world = World.unconfigured();
        world.client.configure("test", Keys.settings("protocol", "auto"));
        acceptBasic(world);
        world.publish("t", "x");
        world.broker.expects("PUBLISH q1 id=1 t x");
        world.client.offer(new Mqtt5());
        world.broker.expects("DISCONNECT", FIVE).sends("CONNACK").expects("PUBLISH q1 id=1 t x").sends("PUBACK id=1");
        assertTrue(world.takeEvents().contains("ONLINE session lost"));
        assertEquals(0, world.client.metrics().pending());
        world.client.offer(null);
        world.broker.expects("DISCONNECT");
        acceptBasic(world);
        assertTrue(world.takeEvents().contains("ONLINE session lost"));
    }

    @Test
    void anUpdateOfTheBundleCostsNoSession() {
        World world = auto();
        world.broker.expects(FIVE).sends("CONNACK");
        world.client.offer(null);
        world.broker.expects("DISCONNECT").after(Duration.ofSeconds(5)).expectsNothing();
        assertEquals("the session was made with MQTT 5, and the bundle mqtt.resilient.v5 is missing", world.reason());
        world.client.offer(new Mqtt5());
        world.broker.expects("CONNECT id=c keepalive=60 {*").sends("CONNACK session-present");
        assertTrue(world.client.status().sessionPresent());
        assertEquals(0, world.client.metrics().sessionsLost());
    }

    @Test
    void theBundleMattersNotToWhoHasChosenTheOlderVersion() {
        World world = World.connected();
        world.client.offer(new Mqtt5());
        world.client.offer(null);
        world.broker.expectsNothing();
        assertEquals(ConnectionState.ONLINE, world.state());
    }
}
