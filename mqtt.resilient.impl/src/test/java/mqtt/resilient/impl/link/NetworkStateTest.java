package mqtt.resilient.impl.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.impl.world.World;
import mqtt.resilient.spi.NetworkState;
import org.junit.jupiter.api.Test;

/** What the word of the network means. */
class NetworkStateTest {

    private static void failOften(World world) {
        world.broker.isReachable(false).after(Duration.ofMinutes(10));
        world.broker.takeAttempts();
    }

    // ---- up -------------------------------------------------------------------------------------------------------

    @Test
    void upStartsAnAttemptAtOnce() {
        World world = new World();
        failOften(world);
        FakeNetwork network = new FakeNetwork(world, NetworkState.UNKNOWN);
        world.broker.isReachable(true);
        network.is(NetworkState.UP);
        world.broker.acceptsNewClient();
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void theBacklogLeavesAtOnceWhenTheNetworkComesUpWithoutAnotherPublish() { // iotedge#7528, nanomq#2423
        World world = new World();
        failOften(world);
        for (int i = 1; i <= 3; i++) {
            world.publish("t", "" + i);
        }
        FakeNetwork network = new FakeNetwork(world, NetworkState.UNKNOWN);
        world.broker.isReachable(true);
        long before = world.scheduler.nanoTime();
        network.is(NetworkState.UP);
        world.broker.acceptsNewClient().expects("PUBLISH q1 id=1 t 1", "PUBLISH q1 id=2 t 2", "PUBLISH q1 id=3 t 3");
        assertTrue(world.scheduler.nanoTime() - before < Duration.ofSeconds(1).toNanos());
    }

    @Test
    void upStartsAnAttemptAtOnceAlsoWhileOneHangs() {
        World world = new World();
        world.broker.isSilent(true).after(Duration.ofSeconds(1));
        FakeNetwork network = new FakeNetwork(world, NetworkState.UNKNOWN);
        assertEquals(ConnectionState.CONNECTING, world.state());
        world.broker.isSilent(false);
        network.is(NetworkState.UP);
        world.broker.acceptsNewClient();
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void anotherWayOutWhileConnectedIsPingedAndTheLinkStays() {
        World world = World.connected();
        FakeNetwork network = new FakeNetwork(world, NetworkState.UP);
        world.broker.takeAll();
        world.broker.sends("PINGRESP");
        network.is(NetworkState.UP);
        world.broker.expects("PINGREQ").sends("PINGRESP").after(Duration.ofSeconds(12)).expectsNothing();
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void anUnknownNameIsAskedForEverySecondRightAfterTheNetworkCameUp() {
        World world = new World("brokers", List.of("mqtt://broker.invalid"));
        FakeNetwork network = new FakeNetwork(world, NetworkState.UNKNOWN);
        world.broker.after(Duration.ofMinutes(10));
        network.is(NetworkState.UP);
        long before = world.client.metrics().attempts();
        world.broker.after(Duration.ofSeconds(20));
        long soon = world.client.metrics().attempts() - before;
        assertTrue(soon >= 19, soon + " attempts in 20 s");
        world.broker.after(Duration.ofMinutes(5));
        before = world.client.metrics().attempts();
        world.broker.after(Duration.ofMinutes(5));
        long later = world.client.metrics().attempts() - before;
        assertTrue(later < 40, later + " attempts in 5 min");
    }

    // ---- down -----------------------------------------------------------------------------------------------------

    @Test
    void downNeverClosesAWorkingLinkButPingsIt() {
        World world = World.connected();
        FakeNetwork network = new FakeNetwork(world, NetworkState.UP);
        world.broker.takeAll();
        world.broker.sends("PINGRESP");
        network.is(NetworkState.DOWN);
        world.broker.expects("PINGREQ").after(Duration.ofSeconds(2)).sends("PINGRESP").after(Duration.ofSeconds(10));
        assertEquals(ConnectionState.ONLINE, world.state());
        world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1").sends("PUBACK id=1");
        assertEquals(1, world.broker.openConnections());
    }

    @Test
    void downEndsALinkThatDoesNotAnswerWithinThreeSeconds() {
        World world = World.connected();
        FakeNetwork network = new FakeNetwork(world, NetworkState.DOWN);
        world.broker.expects("PINGREQ").after(Duration.ofMillis(2900));
        assertEquals(ConnectionState.ONLINE, world.state());
        world.broker.after(Duration.ofMillis(200));
        assertEquals(ConnectionState.WAITING, world.state());
        assertEquals("the network state is DOWN, and the broker does not answer", world.reason());
        world.broker.after(Duration.ofSeconds(5));
        assertEquals("the network is down", world.reason());
        network.is(NetworkState.UP);
        world.broker.accepts(true);
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void downHoldsNewAttemptsUntilItIsDistrusted() {
        World held = new World();
        held.broker.isReachable(false);
        held.scheduler.run();
        new FakeNetwork(held, NetworkState.DOWN);
        held.broker.takeAttempts();
        held.broker.after(Duration.ofSeconds(290));
        assertEquals(List.of(), held.broker.takeAttempts());
        assertEquals("the network is down", held.reason());
        held.broker.isReachable(true).after(Duration.ofSeconds(11)).acceptsNewClient();
        assertEquals(ConnectionState.ONLINE, held.state());
    }

    @Test
    void theStatusOfAHeldClientSaysWhenTheNextAttemptIs() {
        World world = new World();
        world.broker.isReachable(false);
        world.scheduler.run();
        new FakeNetwork(world, NetworkState.DOWN);
        world.broker.after(Duration.ofSeconds(100));
        long seconds = world.client.status().nextAttempt().toSeconds();
        assertTrue(seconds >= 199 && seconds <= 200, seconds + " s");
    }

    @Test
    void downDoesNotHoldAttemptsToThisMachine() {
        for (String host : List.of("localhost", "127.0.0.1", "[::1]")) {
            World world = new World("brokers", List.of("mqtt://" + host));
            world.broker.isReachable(false);
            new FakeNetwork(world, NetworkState.DOWN);
            world.broker.isReachable(true).awaitsClient().acceptsNewClient();
            assertEquals(ConnectionState.ONLINE, world.state(), host);
        }
    }

    @Test
    void downDoesNotHoldAttemptsToTheNeighbours() {
        World world = new World("brokers", List.of("mqtt://192.168.7.7"));
        world.broker.isReachable(false).resolves("192.168.7.7", "192.168.7.7");
        world.broker.hasOnLink("192.168.7.7");
        new FakeNetwork(world, NetworkState.DOWN);
        world.broker.isReachable(true).awaitsClient().acceptsNewClient();
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void unknownReleasesWhatDownHeld() {
        World world = new World();
        world.broker.isReachable(false);
        FakeNetwork network = new FakeNetwork(world, NetworkState.DOWN);
        world.broker.after(Duration.ofSeconds(10)).isReachable(true);
        network.is(NetworkState.UNKNOWN);
        world.broker.acceptsNewClient();
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    // ---- settle and bounce ----------------------------------------------------------------------------------------

    @Test
    void theNetworkMustStayUpForTheTimeToSettle() {
        World world = new World("network.settle.seconds", 5);
        world.broker.isReachable(false);
        FakeNetwork network = new FakeNetwork(world, NetworkState.DOWN);
        world.broker.after(Duration.ofSeconds(10)).isReachable(true).takeAttempts();
        network.is(NetworkState.UP);
        world.broker.after(Duration.ofSeconds(3));
        network.is(NetworkState.DOWN);
        world.broker.after(Duration.ofSeconds(1));
        network.is(NetworkState.UP);
        world.broker.after(Duration.ofMillis(4900));
        assertEquals(List.of(), world.broker.takeAttempts());
        world.broker.after(Duration.ofMillis(200)).acceptsNewClient();
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void theSourceIsAskedToBounceAfterSoManyFailuresEachTime() {
        World world = new World("network.bounce.after", 3);
        world.broker.isReachable(false);
        FakeNetwork network = new FakeNetwork(world, NetworkState.UP);
        long before = world.client.metrics().attempts();
        world.broker.after(Duration.ofMinutes(10));
        long failures = world.client.metrics().attempts();
        assertTrue(network.bounces() >= (failures - before) / 3 - 1 && network.bounces() <= failures / 3,
                network.bounces() + " bounces after " + failures + " failures");
    }

    @Test
    void aLinkThatBreaksIsNoReasonToBounce() {
        World world = World.connected("network.bounce.after", 1);
        FakeNetwork network = new FakeNetwork(world, NetworkState.UP);
        world.broker.takeAll();
        world.broker.networkBreaks().acceptsAgain(true);
        assertEquals(0, network.bounces());
    }

    // ---- clocks ---------------------------------------------------------------------------------------------------

    @Test
    void aJumpOfTheClockPingsALivingLinkAtOnce() {
        World world = World.connected();
        world.client.clockJumped();
        world.broker.expects("PINGREQ").sends("PINGRESP");
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void aJumpOfTheClockWhileWaitingDoesNothing() {
        World world = new World();
        world.broker.isReachable(false);
        world.scheduler.run();
        int connections = world.broker.connections();
        world.client.clockJumped();
        assertEquals(connections, world.broker.connections());
    }

    // ---- interfaces -----------------------------------------------------------------------------------------------

    @Test
    void nothingIsDialledWhileTheRouteLeadsOverAnInterfaceThatIsNotAllowed() {
        World world = new World("network.interfaces", "wlan0, eth0");
        world.broker.isReachedOver("ppp0");
        world.broker.after(Duration.ofMinutes(10));
        assertEquals(List.of(), world.broker.takeAttempts());
        assertEquals(ConnectionState.WAITING, world.state());
        assertTrue(world.client.status().reason().contains(
                "broker: the route to 10.0.0.1 leads over ppp0; network.interfaces allows wlan0, eth0"),
                world.client.status()::reason);
        FakeNetwork network = new FakeNetwork(world, NetworkState.UNKNOWN);
        world.broker.isReachedOver("eth0");
        network.is(NetworkState.UP);
        world.broker.acceptsNewClient();
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void aLinkWhoseRouteMovesToAnotherInterfaceIsLeftAtOnceAndNotMadeAnewThere() {
        World world = new World("network.interfaces", "eth0");
        world.broker.acceptsNewClient();
        FakeNetwork network = new FakeNetwork(world, NetworkState.UP);
        world.broker.takeAll();
        world.broker.takeAttempts();
        world.broker.isReachedOver("ppp0");
        network.is(NetworkState.UP);
        world.broker.expects("DISCONNECT").after(Duration.ofMinutes(5));
        assertEquals(List.of(), world.broker.takeAttempts());
        assertEquals(ConnectionState.WAITING, world.state());
    }

    @Test
    void withoutARouteTheReasonSaysThatThereIsNone() {
        World world = new World("network.interfaces", "eth0");
        world.broker.isReachedOver("").after(Duration.ofSeconds(1));
        assertTrue(
                world.client.status().reason()
                        .contains("there is no route to 10.0.0.1; network.interfaces allows eth0"),
                world.client.status()::reason);
    }

    @Test
    void aChangeOfTheInterfacesLeavesALinkThatIsNotAllowedAnyMore() {
        World world = new World();
        world.broker.acceptsNewClient();
        world.reconfigure("network.interfaces", "wlan0");
        world.broker.expects("DISCONNECT").after(Duration.ofMinutes(1));
        assertEquals(ConnectionState.WAITING, world.state());
    }
}
