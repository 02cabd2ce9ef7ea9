package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.api.Subscription.Grant;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** Pause, resume, start over, and stop: repeatable, in every state, and with a clear result for everything pending. */
class LifeCycleTest {

    // ---- disconnect, connect, reconnect ---------------------------------------------------------------------------

    @Test
    void disconnectSaysGoodbyeAndStaysOffline() { // suppresses the will
        World world = World.connected();
        world.client.connector().disconnect();
        world.broker.expects("DISCONNECT").after(Duration.ofHours(1)).expectsNothing();
        assertEquals(ConnectionState.PAUSED, world.state());
        assertFalse(world.client.connector().isConnected());
        assertTrue(world.reason().contains("disconnect()"));
    }

    @Test
    void whatIsPublishedWhilePausedGoesAfterTheResume() { // publish waits for ever
        World world = World.connected();
        world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1");
        world.client.connector().disconnect();
        world.broker.expects("DISCONNECT");
        world.publish("t", "2");
        world.client.connector().connect();
        world.broker.accepts(true).expects("PUBLISH dup q1 id=1 t 1", "PUBLISH q1 id=2 t 2");
    }

    @Test
    void disconnectAndConnectMayFollowEachOtherForEver() {
        World world = World.connected();
        for (int i = 0; i < 20; i++) {
            world.client.connector().disconnect();
            world.client.connector().disconnect();
            world.broker.expects("DISCONNECT").expectsNothing();
            world.client.connector().connect();
            world.client.connector().connect();
            world.broker.accepts(true).expectsNothing();
            assertEquals(ConnectionState.ONLINE, world.state());
        }
    }

    @Test
    void disconnectAndConnectInOneBreathIsAReconnect() {
        World world = World.connected();
        world.client.connector().disconnect();
        world.client.connector().connect();
        world.client.connector().disconnect();
        world.client.connector().connect();
        world.broker.expects("DISCONNECT").accepts(true).expectsNothing();
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void theNewConnectionWaitsUntilTheBrokerHasLetGoOfTheOld() {
        World world = World.connected();
        world.broker.holdsOn(true);
        world.client.connector().disconnect();
        world.client.connector().connect();
        world.broker.expects("DISCONNECT").after(Duration.ofMillis(900)).expectsNothing()
                .after(Duration.ofMillis(200)).accepts(true);
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void disconnectWorksInEveryState() { // crashed without a socket
        World resolving = new World();
        resolving.broker.resolvesNothing(true);
        World connecting = new World();
        connecting.broker.isSilent(true);
        World handshake = new World();
        handshake.broker.expects("CONNECT *");
        World discarding = new World();
        discarding.broker.holdsOn(true).expects("CONNECT *").sends("CONNACK").expects("DISCONNECT");
        World waiting = new World();
        waiting.broker.isReachable(false);
        for (World world : List.of(resolving, connecting, handshake, discarding, waiting)) {
            ConnectionState before = world.state();
            int connections = world.broker.connections();
            world.client.connector().disconnect();
            world.broker.after(Duration.ofHours(1));
            assertEquals(ConnectionState.PAUSED, world.state(), "from " + before);
            assertEquals(connections, world.broker.connections(), "from " + before);
            world.broker.resolvesNothing(false).isSilent(false).isReachable(true).holdsOn(false).takeAll();
            world.client.connector().connect();
            world.broker.awaitsClient();
            List<String> sent = new ArrayList<>(world.broker.takeAll());
            assertTrue(sent.get(sent.size() - 1).startsWith("CONNECT "), before + ": " + sent);
        }
    }

    @Test
    void connectWhileConnectedChangesNothing() {
        World world = World.connected();
        world.client.connector().connect();
        world.broker.expectsNothing();
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void reconnectMakesANewConnectionAtOnce() {
        World world = World.connected();
        world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1");
        world.client.connector().reconnect();
        world.broker.expects("DISCONNECT").accepts(true).expects("PUBLISH dup q1 id=1 t 1");
    }

    @Test
    void reconnectCutsTheBackOffShort() {
        World world = new World();
        world.broker.isReachable(false).after(Duration.ofHours(1)).isReachable(true);
        assertEquals(ConnectionState.WAITING, world.state());
        world.client.connector().reconnect();
        world.broker.acceptsNewClient();
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void reconnectWhilePausedStaysPaused() {
        World world = World.connected();
        world.client.connector().disconnect();
        world.broker.expects("DISCONNECT");
        world.client.connector().reconnect();
        world.broker.after(Duration.ofMinutes(10)).expectsNothing();
        assertEquals(ConnectionState.PAUSED, world.state());
    }

    @Test
    void aListenerMayDisconnect() {
        World world = World.connected();
        world.subscribe("in", 1, message -> world.client.connector().disconnect());
        world.broker.expects("SUBSCRIBE id=1 in:1").sends("SUBACK id=1 1").sends("PUBLISH q1 id=7 in x");
        assertEquals(ConnectionState.PAUSED, world.state());
        assertTrue(world.broker.takeAll().contains("DISCONNECT"));
    }

    // ---- connection listeners -------------------------------------------------------------------------------------

    @Test
    void aConnectionListenerHearsThePresentStateAndEveryChangeInOrder() throws Exception {
        World world = new World();
        List<ConnectionState> heard = new ArrayList<>();
        world.broker.acceptsNewClient();
        AutoCloseable registration = world.client.connector()
                .addConnectionListener(status -> heard.add(status.state()));
        world.scheduler.run();
        world.broker.hangsUp().acceptsAgain(true);
        world.client.connector().disconnect();
        world.broker.expects("DISCONNECT");
        heard.removeIf(state -> state == ConnectionState.RESOLVING || state == ConnectionState.CONNECTING
                || state == ConnectionState.HANDSHAKE);
        assertEquals(List.of(ConnectionState.ONLINE, ConnectionState.WAITING, ConnectionState.ONLINE,
                ConnectionState.PAUSED), heard);
        registration.close();
        registration.close();
        world.client.connector().connect();
        world.broker.accepts(true);
        assertEquals(4, heard.size());
    }

    @Test
    void aConnectionListenerThatThrowsHearsTheNextChangeToo() {
        World world = World.connected();
        List<ConnectionState> heard = new ArrayList<>();
        world.client.connector().addConnectionListener(status -> {
            heard.add(status.state());
            throw new IllegalStateException("broken listener");
        });
        world.scheduler.run();
        world.broker.hangsUp();
        assertTrue(heard.contains(ConnectionState.ONLINE) && heard.contains(ConnectionState.WAITING));
        assertTrue(world.takeEvents().contains("connection listener failed"));
    }

    @Test
    void aConnectionListenerThatIsStuckDelaysNobodyAndHearsTheLatestAtLast() {
        World world = World.connected();
        List<ConnectionState> heard = new ArrayList<>();
        world.client.connector().addConnectionListener(status -> heard.add(status.state()));
        world.listenersAreStuck(true);
        for (int i = 0; i < 100; i++) {
            world.broker.networkBreaks().acceptsAgain(true);
        }
        world.listenersAreStuck(false);
        assertTrue(heard.size() <= 102);
        assertEquals(ConnectionState.ONLINE, heard.get(heard.size() - 1));
    }

    // ---- drain ----------------------------------------------------------------------------------------------------

    @Test
    void aDrainCompletesWhenNothingIsLeft() {
        World world = World.connected();
        world.publish("t", "1");
        world.publish("t", "2", 2);
        var drained = world.client.publisher().drain(Duration.ofMinutes(1));
        world.broker.expects("PUBLISH q1 id=1 t 1", "PUBLISH q2 id=2 t 2").sends("PUBACK id=1", "PUBREC id=2");
        assertFalse(world.isDone(drained));
        world.broker.expects("PUBREL id=2").sends("PUBCOMP id=2");
        assertEquals(true, world.now(drained));
    }

    @Test
    void aDrainOfNothingCompletesAtOnce() {
        World world = new World();
        var drained = world.client.publisher().drain(Duration.ofMinutes(1));
        world.scheduler.run();
        assertEquals(true, world.now(drained));
    }

    @Test
    void aDrainGivesUpAfterItsTime() {
        World world = new World();
        world.publish("t", "1");
        var drained = world.client.publisher().drain(Duration.ofSeconds(5));
        world.broker.after(Duration.ofMillis(4_900));
        assertFalse(world.isDone(drained));
        world.broker.after(Duration.ofMillis(200));
        assertEquals(false, world.now(drained));
    }

    @Test
    void aDrainWaitsAlsoForWhatIsPublishedMeanwhile() {
        World world = World.connected();
        world.publish("t", "1");
        var drained = world.client.publisher().drain(Duration.ofMinutes(1));
        world.publish("t", "2");
        world.broker.expects("PUBLISH q1 id=1 t 1", "PUBLISH q1 id=2 t 2").sends("PUBACK id=1");
        assertFalse(world.isDone(drained));
        world.broker.sends("PUBACK id=2");
        assertEquals(true, world.now(drained));
    }

    @Test
    void aDrainOfAnyLengthEnds() {
        World world = World.connected();
        world.publish("t", "1");
        var drained = world.client.publisher().drain(Duration.ofSeconds(Long.MAX_VALUE));
        world.broker.expects("PUBLISH q1 id=1 t 1").sends("PUBACK id=1");
        assertEquals(true, world.now(drained));
    }

    @Test
    void everyKindOfEndCountsForADrain() {
        World world = new World();
        world.broker.isReachable(false);
        world.publish(Message.to("t").expiresAfter(Duration.ofSeconds(2)).build());
        Publication cancelled = world.publish("t", "2");
        var drained = world.client.publisher().drain(Duration.ofMinutes(1));
        cancelled.cancel();
        world.broker.after(Duration.ofSeconds(4));
        assertEquals(true, world.now(drained));
    }

    // ---- stop -----------------------------------------------------------------------------------------------------

    @Test
    void stoppingSaysGoodbyeAndCompletesEverythingThatIsPending() { // HiveMQ #350
        World world = World.connected();
        ClientSubscription subscription = world.subscribe("in", 1, message -> {});
        Publication sent = world.publish("t", "1");
        Publication exactlyOnce = world.publish("t", "2", 2);
        world.broker.expects("SUBSCRIBE id=1 in:1", "PUBLISH q1 id=2 t 1", "PUBLISH q2 id=3 t 2").sends("PUBREC id=3")
                .expects("PUBREL id=3");
        var delivered = sent.delivered();
        var drained = world.client.publisher().drain(Duration.ofHours(1));
        world.scheduler.run();
        var stopped = world.client.stop();
        world.broker.expects("DISCONNECT").expectsNothing(); // and no UNSUBSCRIBE
        assertTrue(world.isDone(stopped));
        assertEquals(Kind.CLOSED, world.now(delivered).kind());
        assertEquals(Kind.CLOSED, world.now(exactlyOnce.delivered()).kind());
        assertEquals(Kind.CLOSED, world.outcome(exactlyOnce));
        assertEquals(Grant.CLOSED, world.now(subscription.result()));
        assertEquals(false, world.now(drained));
        assertEquals(ConnectionState.OFFLINE, world.state());
    }

    @Test
    void stoppingInEveryStateEndsQueuedMessagesToo() {
        for (boolean reachable : new boolean[] { true, false }) {
            World world = new World("qos0.offline", true);
            world.broker.isReachable(reachable);
            Publication one = world.publish("t", "1");
            Publication zero = world.publish("t", "0", 0);
            var stored = one.stored();
            world.client.stop();
            world.broker.after(Duration.ofHours(1));
            assertEquals(Kind.CLOSED, world.outcome(one));
            assertEquals(Kind.CLOSED, world.outcome(zero));
            assertTrue(world.isDone(stored));
            assertEquals(ConnectionState.OFFLINE, world.state());
            assertTrue(world.broker.takeAll().stream().noneMatch("DISCONNECT"::equals), "nothing to say goodbye to");
        }
    }

    @Test
    void stoppingTwiceIsStoppingOnce() {
        World world = World.connected();
        var first = world.client.stop();
        var second = world.client.stop();
        world.broker.expects("DISCONNECT").expectsNothing();
        assertTrue(world.isDone(first) && world.isDone(second));
        assertTrue(world.isDone(world.client.stop()));
    }

    @Test
    void afterTheStopNothingBeginsAnyMore() {
        World world = World.connected();
        world.client.stop();
        world.broker.expects("DISCONNECT");
        world.client.connector().connect();
        world.client.connector().reconnect();
        world.client.connector().disconnect();
        world.reconfigure("client.id", "other");
        ClientSubscription subscription = world.subscribe("in", 1, message -> {});
        Publication publication = world.publish("t", "1");
        world.broker.after(Duration.ofHours(1)).expectsNothing();
        assertEquals(0, publication.id());
        CompletionException error = assertThrows(CompletionException.class,
                () -> world.now(publication.stored()));
        assertEquals(RejectedException.Reason.CLOSED, ((RejectedException) error.getCause()).reason());
        assertEquals(Grant.CLOSED, world.now(subscription.result()));
        assertEquals(ConnectionState.OFFLINE, world.state());
        assertTrue(world.isDone(world.client.publisher().drain(Duration.ofSeconds(1))));
    }

    @Test
    void stoppingWaitsForTheBrokerToLetGoAndNoLonger() {
        World world = World.connected();
        world.broker.holdsOn(true);
        var stopped = world.client.stop();
        world.broker.expects("DISCONNECT").after(Duration.ofMillis(500));
        assertFalse(world.isDone(stopped));
        world.broker.after(Duration.ofMillis(600));
        assertTrue(world.isDone(stopped));
    }

    @Test
    void aListenerMayStopTheClientItIsCalledBy() { // paho #121
        World world = World.connected();
        Recorder recorder = new Recorder();
        world.subscribe("in", 1, message -> {
            world.client.stop();
            world.scheduler.run();
            recorder.onMessage(message);
        });
        world.broker.expects("SUBSCRIBE id=1 in:1").sends("SUBACK id=1 1").sends("PUBLISH q1 id=7 in x");
        assertEquals(List.of("in x"), recorder.take());
        assertEquals(ConnectionState.OFFLINE, world.state());
    }

    @Test
    void noListenerIsCalledAfterTheStop() {
        World world = World.connected();
        Recorder recorder = new Recorder();
        world.subscribe("in", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 in:1").sends("SUBACK id=1 1");
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q1 id=7 in x");
        world.client.stop();
        world.listenersAreStuck(false);
        assertEquals(List.of(), recorder.take());
        world.broker.expects("DISCONNECT").expectsNothing();
    }

    @Test
    void aMessageAdmittedInTheMomentOfTheStopEndsWithAResult() {
        World world = World.connected();
        List<Runnable> meanwhile = new ArrayList<>();
        world.scheduler.beforeExecute(() -> { // another thread stops the client between admission and hand-over
            if (!meanwhile.isEmpty()) {
                meanwhile.remove(0).run();
            }
        });
        meanwhile.add(world.client::stop);
        Publication publication = world.client.publisher().publish(Message.to("t").payload("1").build());
        world.scheduler.run();
        assertTrue(publication.id() > 0);
        assertEquals(Kind.CLOSED, world.outcome(publication));
        assertEquals(Kind.CLOSED, world.now(publication.delivered()).kind());
        assertTrue(world.isDone(publication.stored()), "stored() never completes");
    }

    @Test
    void aClientThatWasNeverConfiguredStops() {
        World world = World.unconfigured();
        Publication publication = world.publish("t", "1");
        var stopped = world.client.stop();
        world.scheduler.run();
        assertTrue(world.isDone(stopped));
        assertEquals(Kind.CLOSED, world.outcome(publication));
        world.broker.after(Duration.ofHours(1)).expectsNothing();
    }

    // ---- when they are done ---------------------------------------------------------------------------------------

    private static String failure(World world, CompletionStage<Void> stage) {
        assertTrue(world.isDone(stage), "not completed");
        return assertThrows(CompletionException.class, () -> stage.toCompletableFuture().join()).getCause()
                .getMessage();
    }

    @Test
    void disconnectIsDoneWhenTheBrokerHasClosed() {
        World world = World.connected();
        world.broker.holdsOn(true);
        CompletionStage<Void> gone = world.client.connector().disconnect();
        CompletionStage<Void> again = world.client.connector().disconnect();
        world.broker.expects("DISCONNECT").after(Duration.ofMillis(900));
        assertFalse(world.isDone(gone) || world.isDone(again));
        world.broker.after(Duration.ofMillis(100));
        world.now(gone);
        world.now(again);
        assertEquals(ConnectionState.PAUSED, world.state());
        world.now(world.client.connector().disconnect());
    }

    @Test
    void disconnectIsDoneAtOnceWhereThereIsNoConnection() {
        World unreachable = new World();
        unreachable.broker.isReachable(false).expectsNothing();
        unreachable.now(unreachable.client.connector().disconnect());
        World unconfigured = World.unconfigured();
        unconfigured.now(unconfigured.client.connector().disconnect());
    }

    @Test
    void disconnectIsDoneAlthoughSomebodyConnectsMeanwhile() {
        World world = World.connected();
        world.broker.holdsOn(true);
        CompletionStage<Void> gone = world.client.connector().disconnect();
        CompletionStage<Void> there = world.client.connector().connect();
        world.broker.expects("DISCONNECT").after(Duration.ofSeconds(1));
        world.now(gone);
        assertFalse(world.isDone(there));
        world.broker.accepts(true);
        world.now(there);
    }

    @Test
    void connectIsDoneWithTheConnack() {
        World world = World.connected();
        world.client.connector().disconnect();
        CompletionStage<Void> there = world.client.connector().connect();
        world.broker.expects("DISCONNECT", "CONNECT *");
        assertFalse(world.isDone(there));
        world.broker.sends("CONNACK session-present");
        world.now(there);
        world.now(world.client.connector().connect());
    }

    @Test
    void connectWaitsUntilABrokerAccepts() {
        World world = new World();
        world.broker.isReachable(false);
        CompletionStage<Void> there = world.client.connector().connect();
        world.broker.after(Duration.ofHours(1));
        assertFalse(world.isDone(there));
        world.broker.isReachable(true).awaitsClient().expects("CONNECT clean *").sends("CONNACK");
        assertFalse(world.isDone(there), "the discarding connection is none");
        world.broker.expects("DISCONNECT", "CONNECT *").sends("CONNACK code=5").awaitsClient().accepts(false);
        world.now(there);
    }

    @Test
    void connectFailsWhenSomebodyDisconnects() {
        World world = new World();
        CompletionStage<Void> there = world.client.connector().connect();
        world.client.connector().disconnect();
        assertEquals("not connected: disconnect() was called", failure(world, there));
        CompletionStage<Void> anew = world.client.connector().connect();
        world.broker.awaitsClient().takeAll();
        assertFalse(world.isDone(anew));
    }

    @Test
    void connectFailsWhenTheClientStopsOrHasStopped() {
        World world = new World();
        world.broker.isReachable(false);
        CompletionStage<Void> there = world.client.connector().connect();
        world.client.stop();
        assertEquals("not connected: the client has stopped", failure(world, there));
        assertEquals("not connected: the client has stopped", failure(world, world.client.connector().connect()));
        assertEquals("not connected: the client has stopped", failure(world, world.client.connector().reconnect()));
        world.now(world.client.connector().disconnect());
    }

    @Test
    void connectWaitsForAConfigurationAndForTheNextWindowOfTheSchedule() {
        World world = World.unconfigured();
        CompletionStage<Void> there = world.client.connector().connect();
        world.client.configurationRejected("test", "brokers: wrong");
        assertFalse(world.isDone(there));
        world.reconfigure("schedule.every.minutes", 10, "schedule.stay.seconds", 5).broker.acceptsNewClient();
        world.now(there);
        world.broker.after(Duration.ofSeconds(6)).expects("DISCONNECT");
        CompletionStage<Void> next = world.client.connector().connect();
        world.broker.after(Duration.ofMinutes(5)).expectsNothing();
        assertFalse(world.isDone(next));
        world.broker.acceptsAgain(true);
        world.now(next);
    }

    @Test
    void reconnectIsDoneWithTheNextConnection() {
        World world = World.connected();
        CompletionStage<Void> there = world.client.connector().reconnect();
        world.broker.expects("DISCONNECT", "CONNECT *");
        assertFalse(world.isDone(there));
        world.broker.sends("CONNACK session-present");
        world.now(there);
        world.client.connector().disconnect();
        assertEquals("not connected: disconnect() was called", failure(world, world.client.connector().reconnect()));
    }

    @Test
    void whoeverWaitsForAConnectionIsCounted() {
        World world = new World();
        world.broker.isReachable(false);
        CompletionStage<Void> first = world.client.connector().connect();
        for (int i = 1; i < 1000; i++) {
            world.client.connector().connect();
        }
        assertEquals("not connected: 1000 calls wait for a connection already",
                failure(world, world.client.connector().connect()));
        assertFalse(world.isDone(first));
    }
}
