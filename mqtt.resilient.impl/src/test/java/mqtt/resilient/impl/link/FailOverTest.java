package mqtt.resilient.impl.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import mqtt.resilient.api.BrokerStatus;
import mqtt.resilient.impl.engine.Keys;
import mqtt.resilient.impl.world.World;
import mqtt.resilient.spi.NetworkState;
import mqtt.resilient.v5.Mqtt5;
import org.junit.jupiter.api.Test;

/** A broker of the list that does not serve costs little time, whatever it does instead. */
class FailOverTest {
    private static final String ONE = "10.0.0.1";
    private static final String TWO = "10.0.0.2";
    private static final String THREE = "10.0.0.3";
    private static final List<String> ALL = List.of("mqtt://one", "mqtt://two", "mqtt://three");

    private static World three(Object... keysAndValues) {
        return resolved(new World(with(keysAndValues)));
    }

    private static World threeWithFive(Object... keysAndValues) {
        World world = World.unconfigured();
        world.client.offer(new Mqtt5());
        resolved(world).client.configure("test", Keys.settings(with(keysAndValues)));
        return world;
    }

    private static World resolved(World world) {
        world.broker.resolves("one", ONE).resolves("two", TWO).resolves("three", THREE);
        return world;
    }

    private static Object[] with(Object... keysAndValues) {
        Object[] all = new Object[keysAndValues.length + 4];
        System.arraycopy(keysAndValues, 0, all, 4, keysAndValues.length);
        System.arraycopy(new Object[] { "brokers", ALL, "brokers.cluster", true }, 0, all, 0, 4);
        return all;
    }

    private static Duration until(World world, String connect) {
        long begin = world.scheduler.nanoTime();
        while (world.broker.take(connect).isEmpty()) {
            world.broker.after(Duration.ofMillis(10));
            assertTrue(world.scheduler.nanoTime() - begin < 1e12, "no " + connect + " within 1000 s");
        }
        return Duration.ofNanos(world.scheduler.nanoTime() - begin);
    }

    private static String address(World world) {
        List<String> attempts = world.broker.takeAttempts();
        return attempts.get(attempts.size() - 1);
    }

    // ---- a broker that is frozen ----------------------------------------------------------------------------------

    @Test
    void afterASilentEndTheNextBrokerIsTriedFirst() { // SIGSTOP: it takes connections and says nothing
        World world = three();
        world.broker.acceptsNewClient();
        world.publish("t", "1");
        world.broker.expects("PUBLISH *");
        world.broker.takeAttempts();
        Duration silent = until(world, "CONNECT");
        assertTrue(silent.toMillis() < 11_000, silent::toString);
        assertEquals(TWO + ":1883", address(world));
        world.broker.takeAll();
        world.broker.sends("CONNACK session-present").expects("PUBLISH dup *");
    }

    @Test
    void aConsumerFindsTheNextBrokerOneResponseTimeAfterItsPing() {
        World world = three();
        world.broker.acceptsNewClient();
        world.broker.takeAttempts();
        Duration silent = until(world, "CONNECT");
        assertTrue(silent.toMillis() < 26_000, silent::toString); // a ping after 15 s
        assertEquals(TWO + ":1883", address(world));
    }

    @Test
    void aBrokerThatBreaksTheProtocolOnEachConnectionIsLeft() {
        World world = three();
        world.broker.answersUnless(packet -> false);
        world.broker.sendsBytes(new byte[] { 0, 0 });
        until(world, "CONNECT");
        assertEquals(TWO + ":1883", address(world));
    }

    @Test
    void aBrokerThatClosesEachConnectionOfAnIdleClientIsLeft() {
        World world = three();
        world.broker.answersUnless(packet -> false);
        for (int i = 0; i < 10 && world.client.status().broker().contains("one"); i++) {
            world.broker.hangsUp().awaitsClient().answersUnless(packet -> false);
        }
        assertFalse(world.client.status().broker().contains("one"), world.reason());
    }

    @Test
    void aConnectionThatEndsBecauseTheNetworkIsDownSaysNothingOfTheBroker() {
        World world = three("network.distrust.seconds", 0);
        world.broker.acceptsNewClient();
        world.broker.takeAttempts();
        world.client.networkChanged(NetworkState.DOWN);
        until(world, "CONNECT");
        assertEquals(ONE + ":1883", address(world));
    }

    // ---- a broker that ends every connection ----------------------------------------------------------------------

    @Test
    void aBrokerThatAcceptsAndHangsUpAtOnceIsLeftForTheNext() { // a daily quota
        World world = three();
        world.broker.acceptsNewClient();
        world.publish("t", "1");
        world.broker.expects("PUBLISH *").takeAttempts();
        world.broker.hangsUp();
        until(world, "CONNECT");
        assertEquals(TWO + ":1883", address(world));
        world.broker.sends("CONNACK session-present").expects("PUBLISH dup *").sends("PUBACK id=1");
        assertEquals(0, world.client.metrics().pending());
    }

    @Test
    void aBrokerThatEndsAConnectionThatLastedIsTriedFirst() {
        World world = three();
        world.broker.acceptsNewClient().idles(Duration.ofMinutes(5)).takeAttempts();
        world.broker.hangsUp();
        until(world, "CONNECT");
        assertEquals(ONE + ":1883", address(world));
    }

    // ---- each broker has its own back-off -------------------------------------------------------------------------

    @Test
    void aBackupThatOpensLateIsFoundAlthoughTheFirstIsDead() { // Artemis: 11 to 27 s; seen: silent for 193 s
        for (int late = 11; late <= 27; late++) {
            World world = new World("brokers", List.of("mqtt://one", "mqtt://two"));
            resolved(world).broker.acceptsNewClient().idles(Duration.ofMinutes(1));
            world.broker.refusesAt(ONE, true).refusesAt(TWO, true).hangsUp().after(Duration.ofSeconds(late));
            world.broker.refusesAt(TWO, false);
            Duration waited = until(world, "CONNECT");
            assertTrue(waited.toSeconds() < late, late + " s, and then " + waited);
        }
    }

    @Test
    void aServingBrokerIsFoundWithinTheLongestWaitHoweverLongTheOthersAreDead() {
        World world = three();
        for (String each : List.of(ONE, TWO, THREE)) {
            world.broker.refusesAt(each, true);
        }
        world.broker.after(Duration.ofHours(3)).refusesAt(TWO, false);
        Duration waited = until(world, "CONNECT");
        assertTrue(waited.toSeconds() <= 60, waited::toString);
    }

    @Test
    void anAddressThatIsSilentDoesNotHoldUpTheOthersForLong() {
        World world = three();
        for (String each : List.of(ONE, TWO, THREE)) {
            world.broker.isSilentAt(each, true);
        }
        world.broker.after(Duration.ofHours(3)).isSilentAt(THREE, false);
        Duration waited = until(world, "CONNECT");
        assertTrue(waited.toSeconds() <= 60 + 2 * 10, waited::toString);
    }

    @Test
    void theStatusTellsOfEachBrokerWhenItWorkedAndWhenAndHowItFailed() {
        World world = three();
        world.broker.refusesAt(ONE, true).awaitsClient().acceptsNewClient();
        List<BrokerStatus> brokers = world.client.status().brokers();
        assertEquals(List.of("mqtt://one:1883", "mqtt://two:1883", "mqtt://three:1883"),
                brokers.stream().map(BrokerStatus::broker).toList());
        assertEquals(List.of("Connection refused (tried 10.0.0.1:1883)", "", ""),
                brokers.stream().map(BrokerStatus::failure).toList());
        Instant now = Instant.ofEpochMilli(world.scheduler.wallClockMillis());
        assertEquals(List.of(Instant.EPOCH, now, Instant.EPOCH),
                brokers.stream().map(BrokerStatus::lastConnected).toList());
        assertFalse(brokers.get(0).lastFailure().isAfter(now) || brokers.get(0).lastFailure().equals(Instant.EPOCH));
    }

    @Test
    void whatIsKnownOfABrokerOutlivesAChangeOfTheList() {
        World world = three();
        world.broker.refusesAt(ONE, true).awaitsClient().acceptsNewClient();
        world.reconfigure("brokers", List.of("mqtt://two", "mqtt://one"), "brokers.cluster", true);
        assertEquals(List.of("", "Connection refused (tried 10.0.0.1:1883)"),
                world.client.status().brokers().stream().map(BrokerStatus::failure).toList());
    }

    // ---- a cluster speaks with one voice --------------------------------------------------------------------------

    @Test
    void threeHangUpsOfAClusterAreAnAnswerForAll() { // each was asked three times: 13 s, and 94 s in the worst case
        World world = threeWithFive("protocol", "auto");
        long begin = world.scheduler.nanoTime();
        Set<String> asked = new HashSet<>();
        for (int i = 0; i < 3; i++) {
            world.broker.awaitsClient().expects("CONNECT clean id=c keepalive=60 {*");
            asked.add(address(world));
            world.broker.hangsUp();
        }
        assertEquals(3, asked.size());
        world.broker.awaitsClient().expects("CONNECT clean id=c keepalive=60");
        assertTrue(world.scheduler.nanoTime() - begin < 3e9);
    }

    @Test
    void aClusterThatRefusedFiveIsNotAskedAgainAtAnotherNode() {
        World world = threeWithFive("protocol", "auto");
        world.broker.expects("CONNECT clean id=c keepalive=60 {*").sends("CONNACK code=132").acceptsNewClient();
        world.broker.refusesAt(ONE, true).networkBreaks().awaitsClient().expects("CONNECT id=c keepalive=60");
        assertEquals(TWO + ":1883", address(world));
    }

    // ---- the order ------------------------------------------------------------------------------------------------

    @Test
    void aFleetWithARandomOrderSpreadsAndEachClientKeepsItsOrder() {
        int[] first = new int[3];
        for (int client = 0; client < 300; client++) {
            Object[] keys = with("brokers.order", "random", "client.id", "gateway-" + client);
            List<BrokerUri> uris = Keys.settings(keys).link().brokers().uris();
            assertEquals(uris, Keys.settings(keys).link().brokers().uris());
            assertEquals(3, Set.copyOf(uris).size());
            first[List.of("one", "two", "three").indexOf(uris.get(0).host())]++;
        }
        for (int count : first) {
            assertTrue(count > 70 && count < 130, first[0] + ", " + first[1] + ", " + first[2]);
        }
    }

    @Test
    void aRandomOrderStaysWhenABrokerIsAdded() {
        for (int client = 0; client < 50; client++) {
            Object[] keys = { "brokers.order", "random", "client.id", "gateway-" + client, "brokers", ALL };
            List<BrokerUri> before = Keys.settings(keys).link().brokers().uris();
            keys[5] = List.of("mqtt://four", "mqtt://three", "mqtt://two", "mqtt://one");
            List<BrokerUri> after = Keys.settings(keys).link().brokers().uris();
            assertEquals(before, after.stream().filter(each -> !each.host().equals("four")).toList());
        }
    }

    @Test
    void theConfiguredOrderIsThatOfTheList() {
        assertEquals(List.of("one", "two", "three"), Keys.settings("brokers", ALL, "client.id", "any").link().brokers()
                .uris().stream().map(BrokerUri::host).toList());
    }

    // ---- fail-back ------------------------------------------------------------------------------------------------

    @Test
    void theFirstBrokerIsAskedAtRandomTimesSoThatAFleetDoesNotFailBackAtOnce() {
        World world = three("failback.seconds", 100);
        world.broker.refusesAt(ONE, true).awaitsClient().acceptsNewClient().takeAttempts();
        Set<Integer> gaps = new HashSet<>();
        for (int asked = 0, gap = 0; asked < 30; gap++) {
            world.broker.idles(Duration.ofSeconds(1));
            if (!world.broker.takeAttempts().isEmpty()) {
                asked++;
                assertTrue(gap >= 48 && gap <= 101, gap + " s");
                gaps.add(gap);
                gap = 0;
            }
        }
        assertTrue(gaps.size() > 12, gaps::toString);
    }
}
