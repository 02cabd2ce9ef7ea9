package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.impl.world.World;
import mqtt.resilient.spi.NetworkState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Connecting, being refused, and trying again: never giving up and never storming. */
class ConnectTest {

    @Test
    void theConnectCarriesUserPasswordAndWillOnBothConnections() {
        World world = new World("user", "u", ".password", "p", "keepalive.seconds", 30, "client.id", "gw-7",
                "will.topic", "gone/c", "will.payload", "bye", "will.qos", 2, "will.retain", true);
        world.broker.expects("CONNECT clean id=gw-7 keepalive=30 will=gone/c,bye,q2,retain user=u password=p")
                .sends("CONNACK").expects("DISCONNECT")
                .expects("CONNECT id=gw-7 keepalive=30 will=gone/c,bye,q2,retain user=u password=p").sends("CONNACK");
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void theFirstConnectIsRetriedLikeAnyOther() {
        World world = new World();
        world.broker.isReachable(false).after(Duration.ofHours(5)).isReachable(true).awaitsClient().acceptsNewClient();
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void aNameThatCannotBeResolvedIsTriedForEver() {
        World world = new World("brokers", List.of("mqtt://nowhere.invalid", "mqtt://broker"));
        world.scheduler.run();
        assertTrue(world.reason().contains("cannot resolve nowhere.invalid"), world.reason());
        world.broker.awaitsClient().acceptsNewClient();
        assertEquals("mqtt://broker:1883", world.client.status().broker());
    }

    @Test
    void theNextAttemptAfterTheNetworkHasBrokenIsMadeWithinHalfASecond() { // not two ping intervals later
        World world = World.connected();
        world.broker.networkBreaks();
        assertEquals(ConnectionState.WAITING, world.state());
        assertTrue(world.client.status().nextAttempt().toMillis() < 500, world.client.status().toString());
        world.broker.after(Duration.ofMillis(500)).expects("CONNECT id=c keepalive=60");
    }

    @Test
    void theNextAttemptAfterTheBrokerHasHungUpIsMadeWithinSixSecondsAndNotAtOnce() { // with it, the whole fleet
        World world = World.connected();
        world.broker.hangsUp();
        assertTrue(world.client.status().nextAttempt().toMillis() >= 250, world.client.status().toString());
        world.broker.after(Duration.ofMillis(6250)).expects("CONNECT id=c keepalive=60");
    }

    @Test
    void aNetworkThatComesUpIsReasonEnoughForAnAttemptAtOnceAlsoAfterABrokerHasHungUp() {
        World world = World.connected();
        world.broker.hangsUp();
        world.client.networkChanged(NetworkState.UP);
        world.broker.expects("CONNECT id=c keepalive=60");
    }

    @ParameterizedTest(name = "code {0}")
    @CsvSource({ "1, unacceptable protocol version", "2, client identifier rejected", "4, bad user name or password",
        "5, not authorized", "6, unknown code 6", "200, unknown code 200" })
    void aRefusalThatSomebodyMustRemoveIsNamedAndRetriedSlowly(int code, String reason) {
        World world = World.connected();
        world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1").hangsUp().awaitsClient().expects("CONNECT *")
                .sends("CONNACK code=" + code);
        assertEquals(ConnectionState.WAITING, world.state());
        assertTrue(world.reason().contains("the broker refused: " + reason), world.reason());
        assertTrue(world.takeEvents().contains("WAITING permanent"));
        Duration next = world.client.status().nextAttempt();
        assertTrue(next.toSeconds() >= 29 && next.toSeconds() <= 60, next.toString());
        assertFalse(world.broker.isConnected());
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 t 1"); // refused meanwhile, and nothing lost
    }

    @Test
    void aServerThatIsUnavailableIsRetriedSoon() {
        World world = new World();
        world.broker.expects("CONNECT *").sends("CONNACK code=3");
        assertTrue(world.reason().contains("server unavailable"), world.reason());
        assertTrue(world.client.status().nextAttempt().toMillis() <= 750);
    }

    @Test
    void waitsGrowWithJitterUpToTheLongest() { // no back-off and no jitter
        List<Long> waits = waits(new World(), 40);
        for (int i = 0; i < waits.size(); i++) {
            long most = i == 0 ? 500 : Math.min(60_000, waits.get(i - 1) * 6 + 6);
            assertTrue(waits.get(i) >= 250 && waits.get(i) <= most, i + ": " + waits);
        }
        assertTrue(waits.subList(15, 40).stream().mapToLong(Long::longValue).average().orElseThrow() > 40_000,
                waits.toString());
        assertTrue(waits.stream().distinct().count() > 30, "jitter: " + waits);
    }

    private static List<Long> waits(World world, int count) {
        world.broker.isReachable(false);
        List<Long> waits = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            assertEquals(ConnectionState.WAITING, world.state());
            assertEquals(i + 1, world.client.status().attempt());
            Duration wait = world.client.status().nextAttempt();
            waits.add(wait.toMillis());
            world.broker.after(wait.plusMillis(1));
        }
        return waits;
    }

    @Test
    void theBackOffBeginsAnewOnlyAfterAStableLink() { // lesson: reset only after a stable period
        World world = World.connected();
        world.broker.after(Duration.ofSeconds(10)).networkBreaks();
        for (int i = 0; i < 30; i++) { // up for a second each time
            world.broker.acceptsAgain(true).after(Duration.ofSeconds(1)).networkBreaks();
        }
        long longest = 0;
        for (int i = 0; i < 10; i++) {
            longest = Math.max(longest, world.client.status().nextAttempt().toMillis());
            world.broker.acceptsAgain(true).after(Duration.ofSeconds(1)).networkBreaks();
        }
        assertTrue(longest > 3_000, "still storming: at most " + longest + " ms");
        world.broker.acceptsAgain(true).after(Duration.ofSeconds(16)).expects("PINGREQ").sends("PINGRESP")
                .after(Duration.ofSeconds(15)).expects("PINGREQ").networkBreaks();
        assertTrue(world.client.status().nextAttempt().toMillis() <= 750, world.client.status().toString());
    }

    @Test
    void everyAttemptResolvesTheNameAgain() { // the address was frozen for ever
        World world = World.connected();
        assertEquals(List.of("10.0.0.1:1883", "10.0.0.1:1883"), world.broker.takeAttempts());
        world.broker.resolves("broker", "10.0.0.9").hangsUp().acceptsAgain(true);
        assertEquals(List.of("10.0.0.9:1883"), world.broker.takeAttempts());
    }

    @Test
    void allAddressesAreTried() { // every A and AAAA
        World world = new World();
        world.broker.resolves("broker", "10.0.0.1", "10.0.0.2", "10.0.0.3").refusesAt("10.0.0.1", true)
                .refusesAt("10.0.0.2", true);
        world.scheduler.run();
        world.broker.acceptsNewClient();
        assertEquals(List.of("10.0.0.1:1883", "10.0.0.2:1883", "10.0.0.3:1883", "10.0.0.3:1883"),
                world.broker.takeAttempts());
        assertEquals(1, world.takeEvents().stream().filter("RESOLVING"::equals).count(), "one attempt");
    }

    @Test
    void theBrokersOfTheListAreTriedInTurn() {
        World world = new World("brokers", List.of("mqtt://a:1", "mqtt://b:2", "mqtt://c:3"));
        world.broker.isReachable(false);
        waits(world, 6);
        assertEquals(List.of("10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3", "10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3"),
                world.broker.takeAttempts().subList(0, 6));
    }

    @Test
    void aBrokerThatWasOnlineIsTriedFirstAfterALoss() {
        World world = new World("brokers", List.of("mqtt://a:1", "mqtt://b:2"));
        world.broker.acceptsNewClient();
        world.broker.takeAttempts();
        world.broker.hangsUp().acceptsAgain(true);
        assertEquals(List.of("10.0.0.1:1"), world.broker.takeAttempts());
    }

    @Test
    void theStatusTellsTheWholeStory() {
        World world = new World();
        ClientStatus resolving = world.client.status();
        assertEquals("test", resolving.client());
        world.broker.isReachable(false);
        world.scheduler.run();
        ClientStatus waiting = world.client.status();
        assertEquals(ConnectionState.WAITING, waiting.state());
        assertEquals("mqtt://broker:1883", waiting.broker());
        assertEquals("c", waiting.clientId());
        assertEquals("3.1.1", waiting.protocol());
        assertEquals(1, waiting.attempt());
        assertTrue(waiting.reason().contains("Connection refused"));
        assertTrue(waiting.nextAttempt().toMillis() > 0);
        assertFalse(waiting.sessionPresent());
        world.broker.isReachable(true).awaitsClient().acceptsNewClient();
        ClientStatus online = world.client.status();
        assertEquals(0, online.attempt());
        assertEquals(Duration.ZERO, online.nextAttempt());
        assertFalse(online.sessionPresent());
        assertEquals(world.scheduler.wallClockMillis(), online.since().toEpochMilli());
        world.broker.after(Duration.ofSeconds(3)).hangsUp().acceptsAgain(true);
        assertTrue(world.client.status().sessionPresent());
        assertTrue(world.client.connector().isConnected());
    }

    @Test
    void theStatesFollowEachOther() {
        World world = new World();
        world.broker.acceptsNewClient().hangsUp().acceptsAgain(true);
        List<String> states = new ArrayList<>();
        for (String event : world.takeEvents()) {
            if (states.isEmpty() || !states.get(states.size() - 1).equals(event)) {
                states.add(event);
            }
        }
        assertEquals(List.of("RESOLVING", "CONNECTING", "HANDSHAKE", "CONNECTING", "HANDSHAKE", "ONLINE", "WAITING",
                "RESOLVING", "CONNECTING", "HANDSHAKE", "ONLINE"), states);
    }

    @Test
    void theLastingConnectionWaitsUntilTheBrokerHasLetGoOfTheDiscardingOne() { // or it would look like a takeover
        World world = new World();
        world.broker.holdsOn(true).expects("CONNECT clean *").sends("CONNACK").expects("DISCONNECT").expectsNothing()
                .after(Duration.ofMillis(900)).expectsNothing().after(Duration.ofMillis(200)).expects("CONNECT id=c *");
    }

    @Test
    void aBrokerThatFlapsForADayIsStillServedAtTheEnd() {
        World world = World.connected();
        int delivered = 0;
        for (int i = 0; i < 300; i++) {
            world.publish("t", "" + i);
            switch (i % 5) {
                case 0 -> world.broker.hangsUp();
                case 1 -> world.broker.networkBreaks();
                case 2 -> world.broker.isSilent(true).networkBreaks().after(Duration.ofMinutes(3)).isSilent(false);
                case 3 -> world.broker.isReachable(false).hangsUp().after(Duration.ofMinutes(2)).isReachable(true);
                default -> world.broker.takesBytes(0).after(Duration.ofSeconds(40)).takesBytes(Integer.MAX_VALUE);
            }
            world.broker.awaitsClient();
            world.broker.takeAll();
            world.broker.sends("CONNACK session-present");
            for (List<String> sent = world.broker.takeAll(); !sent.isEmpty(); sent = world.broker.takeAll()) {
                for (String packet : sent) {
                    if (packet.startsWith("PUBLISH")) {
                        world.broker.sends("PUBACK " + packet.replaceAll(".*(id=\\d+).*", "$1"));
                        delivered++;
                    }
                }
            }
        }
        assertEquals(300, delivered);
    }

    @Test
    void whenTheBrokerClosesTheConnectionOnConnectTheReasonSaysWhatWasInIt() {
        World world = new World("user", "me?token=secret", ".password", "secret", "will.topic", "gone", "will.payload",
                "x", "will.qos", 1, "will.retain", true);
        world.broker.expects("CONNECT *").hangsUp();
        String reason = world.reason();
        assertTrue(reason.startsWith(
                "the broker closed the connection; unanswered was the CONNECT with client identifier \"c\", "
                        + "user \"me?...\", a password, will on gone with QoS 1, retained"),
                reason);
    }

    @Test
    void aConnackBeforeTheConnectIsAProtocolError() {
        World world = new World();
        world.broker.expects("CONNECT *");
        world.broker.takesBytes(0).hangsUp().awaitsClient().sends("CONNACK");
        assertTrue(world.reason().startsWith("protocol error: a CONNACK before the CONNECT [MQTT-3.1.0-1]"),
                world.reason());
    }
}
