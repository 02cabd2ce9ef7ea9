package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.engine.Keys;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.ModelBroker;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.ScriptedBroker;
import mqtt.resilient.impl.world.VirtualScheduler;
import mqtt.resilient.impl.world.World;
import mqtt.resilient.v5.Mqtt5;
import org.junit.jupiter.api.Test;

/** A client that keeps its messages on a disk: what it promises across restarts. */
class StoredClientTest {
    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final ModelBroker broker = new ModelBroker(scheduler);
    private final DiskModel disk = new DiskModel();
    private World world;

    /** Keys and values that differ from those of tests. */
    private Object[] keys = {};
    private long floorBytes;
    /** Tasks of the store wait here while the disk hangs. */
    private final ArrayDeque<Runnable> hanging = new ArrayDeque<>();
    private boolean hangs;

    private void start() {
        start(broker);
        broker.window(100);
    }

    private void start(Network network) {
        world = new World(scheduler, network, disk, task -> {
            if (hangs) {
                hanging.add(task);
            } else {
                scheduler.execute(task);
            }
        }, "boot", settings("store", keys));
    }

    private ClientSettings settings(String place, Object... keysAndValues) {
        return Keys.stored(new StoreSettings(place, Durability.POWER, 500_000_000L, floorBytes, 4096), keysAndValues);
    }

    /** The client on a broker that does what the test says. */
    private ScriptedBroker startScripted() {
        ScriptedBroker scripted = new ScriptedBroker(scheduler);
        start(scripted);
        return scripted;
    }

    private ScriptedBroker restartScripted() {
        scheduler.forget();
        disk.cut(DiskModel.Fate.NOTHING_SURVIVES);
        return startScripted();
    }

    private void restart() {
        scheduler.forget();
        broker.clientDies();
        disk.cut(DiskModel.Fate.NOTHING_SURVIVES);
        start();
    }

    private void answers() {
        hangs = false;
        while (!hanging.isEmpty()) {
            scheduler.execute(hanging.remove());
        }
        scheduler.run();
    }

    private List<Publication> fill(int count, int bytes) {
        broker.refuses(true);
        start();
        List<Publication> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(publish(3, 1, bytes));
        }
        return all;
    }

    /** A payload of a certain length that is a number of its own. */
    private String number(int bytes) {
        return "%0${n}d".replace("${n}", "" + bytes).formatted(world.client.metrics().accepted() + 1);
    }

    private RejectedException refusal(Publication publication) {
        scheduler.run();
        CompletionException failure = assertThrows(CompletionException.class,
                () -> publication.stored().toCompletableFuture().join());
        return (RejectedException) failure.getCause();
    }

    private Publication publish(int lane, int qos, int bytes) {
        return world.publish(Message.to("l" + lane).lane(lane).qos(Qos.of(qos)).payload(number(bytes)).build());
    }

    private void exchange() {
        for (int i = 0; i < 20; i++) {
            broker.reads(1000);
            while (broker.hasAcknowledgementsDue()) {
                broker.acknowledges(0);
            }
            broker.clientReads(1000);
            scheduler.run();
        }
    }

    private Publication publish(int lane, int qos) {
        return world.publish(Message.to("l" + lane).lane(lane).qos(Qos.of(qos))
                .payload("" + (world.client.metrics().accepted() + 1)).build());
    }

    /** The same configuration with another place. */
    private ClientSettings elsewhere() {
        return settings("elsewhere", keys);
    }

    @Test
    void aStoreWithPendingMessagesIsNotLeftAndGoesOnAdmitting() {
        Publication pending = fill(1, 10).get(0);
        assertFalse(world.client.leaveStore());
        assertEquals(Durability.POWER, world.now(publish(2, 1).stored()));
        world.now(pending.cancel());
        assertFalse(world.client.leaveStore());
        world.now(world.client.inspector().cancel(2));
        assertTrue(world.client.leaveStore());
    }

    @Test
    void aStoreThatIsLeftAdmitsNothingBeforeTheNewOneIsOpen() throws IOException {
        start();
        assertTrue(world.client.leaveStore());
        assertFalse(world.client.leaveStore(), "one leaves already");
        assertEquals(RejectedException.Reason.STORE, refusal(publish(2, 1)).reason());
        world.client.mend(); // which says of the store that it is healthy
        scheduler.run();
        assertEquals(RejectedException.Reason.STORE, refusal(publish(2, 1)).reason());
        hangs = true;
        world.client.configure("test", elsewhere());
        world.client.configure("test", elsewhere());
        scheduler.advance(Duration.ofMillis(300));
        assertEquals(RejectedException.Reason.STORE, refusal(publish(2, 1)).reason());
        assertEquals(StoreHealth.OPENING, world.client.status().store());
        assertFalse(world.client.leaveStore(), "it may hold messages");
        answers();
        assertEquals(Durability.POWER, world.now(publish(2, 1).stored()));
        assertEquals(1, world.client.metrics().pending());
        assertFalse(disk.list("elsewhere").isEmpty());
    }

    @Test
    void aStoreThatIsNotLeftAfterAllAdmitsMessages() {
        start();
        assertTrue(world.client.leaveStore());
        world.client.stayInStore();
        scheduler.run();
        assertEquals(Durability.POWER, world.now(publish(2, 1).stored()));
    }

    @Test
    void aPausedClientIsPausedStillWhenItsStoreIsAnotherOne() {
        start();
        world.client.connector().disconnect();
        assertTrue(world.client.leaveStore());
        world.client.configure("test", elsewhere());
        scheduler.advance(Duration.ofMillis(300));
        assertEquals(ConnectionState.PAUSED, world.client.status().state());
        assertEquals("disconnect() was called", world.client.status().reason());
    }

    @Test
    void whatTheLastBatchCouldNotStoreIsNotSaidToBeKept() {
        Publication kept = fill(1, 10).get(0);
        world.now(kept.stored());
        hangs = true;
        Publication lost = publish(2, 1);
        var keptOutcome = kept.delivered();
        var lostOutcome = lost.delivered();
        var lostStored = lost.stored().toCompletableFuture();
        var stopped = world.client.stop();
        scheduler.run();
        disk.failWrites(1000);
        answers();
        world.now(stopped);
        assertEquals(Outcome.Kind.KEPT_IN_STORE, world.now(keptOutcome).kind());
        assertEquals(Outcome.Kind.CLOSED, world.now(lostOutcome).kind());
        assertTrue(lostStored.isCompletedExceptionally());
    }

    @Test
    void whatIsCancelledIsToldToBeForGoodOnlyIfTheLastBatchCouldBeWritten() { // seed 1796076435491
        List<Publication> all = fill(6, 10);
        assertTrue(world.now(all.get(0).cancel()));
        disk.failWrites(1000);
        var unwritten = publish(2, 1).cancel().toCompletableFuture();
        var written = all.get(1).cancel().toCompletableFuture();
        var lane = world.client.inspector().cancel(3).toCompletableFuture();
        scheduler.run();
        assertEquals(7, world.client.metrics().cancelled());
        assertFalse(unwritten.isDone() || written.isDone() || lane.isDone());
        world.now(world.client.stop());
        assertFalse(world.now(unwritten));
        assertFalse(world.now(written));
        assertEquals(0L, world.now(lane));
    }

    @Test
    void aCancelThatAStopCameBeforeIsAnsweredAndTheMessageIsKept() {
        List<Publication> all = fill(6, 10);
        scheduler.run();
        hangs = true;
        var outcome = all.get(1).delivered();
        publish(2, 1);
        scheduler.run();
        var late = all.get(1).cancel();
        var stopped = world.client.stop();
        scheduler.run();
        answers();
        world.now(stopped);
        assertFalse(world.now(late));
        assertEquals(Outcome.Kind.KEPT_IN_STORE, world.now(outcome).kind());
    }

    @Test
    void whatWasPublishedOfflineIsDeliveredAfterARestart() {
        broker.refuses(true);
        start();
        List<Publication> all = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            all.add(publish(i % 4, 1 + i % 2));
        }
        all.forEach(each -> assertEquals(Durability.POWER, world.now(each.stored())));
        assertEquals(300, world.client.metrics().pending());
        long bytes = world.client.metrics().pendingBytes();
        world.now(world.client.stop());
        assertTrue(world.client.metrics().storeBytes() > 0);
        broker.refuses(false);
        start();
        assertEquals(300, world.client.metrics().pending());
        assertEquals(bytes, world.client.metrics().pendingBytes());
        exchange();
        assertEquals(0, world.client.metrics().pending(), world.client.metrics().toString());
        for (long id = 1; id <= 300; id++) {
            assertEquals(1, broker.accepted.get(id));
        }
    }

    @Test
    void aPublicationIsStoredWhenTheDiskHasItAndIsDeliveredWithoutWaitingForThat() {
        start();
        exchange();
        hangs = true;
        Publication publication = publish(1, 1);
        exchange();
        assertFalse(world.isDone(publication.stored()), () -> publication.stored() + " " + world.client.status());
        assertEquals(Outcome.Kind.DELIVERED, world.now(publication.delivered()).kind());
        answers();
        assertEquals(Durability.POWER, world.now(publication.stored()));
    }

    @Test
    void aQos2MessageIsNotSentBeforeItsPacketIdIsWrittenDown() {
        start();
        exchange();
        hangs = true;
        publish(1, 2);
        exchange();
        assertEquals(0, broker.accepted.size());
        answers();
        broker.reads(10); // nothing else has woken the link
        assertEquals(1, broker.accepted.get(1L));
        exchange();
        assertEquals(0, world.client.metrics().pending());
    }

    @Test
    void aQos2MessageIsNotReleasedBeforeThatIsWrittenDown() {
        start();
        exchange();
        publish(1, 2);
        broker.reads(10);
        hangs = true;
        exchange();
        restart();
        hangs = false;
        hanging.clear();
        restart();
        exchange();
        assertEquals(1, broker.accepted.get(1L));
        assertEquals(1, world.client.metrics().delivered());
    }

    @Test
    void theDiskIsNotWaitedForAsIfItWereTheBroker() {
        ScriptedBroker scripted = startScripted().acceptsNewClient();
        Publication publication = publish(1, 2);
        scripted.expects("PUBLISH q2 id=1 l1 1");
        hangs = true;
        scripted.sends("PUBREC id=1").idles(Duration.ofMinutes(10)).expectsNothing();
        assertTrue(scripted.isConnected());
        assertEquals(2, scripted.connections(), "the discarding one and the lasting one");
        answers();
        scripted.expects("PUBREL id=1").after(Duration.ofMillis(9_900));
        assertTrue(scripted.isConnected());
        scripted.after(Duration.ofMillis(200));
        assertFalse(scripted.isConnected(), "now it is the broker's turn");
        assertTrue(world.reason().contains("no acknowledgement within 10.0 s"), world.reason());
        scripted.take("PINGREQ");
        scripted.acceptsAgain(true).expects("PUBREL id=1").sends("PUBCOMP id=1");
        assertEquals(Outcome.Kind.DELIVERED, world.outcome(publication));
    }

    @Test
    void qos2MessagesThatWaitedForTheDiskObeyTheWindowOfTheConnection() {
        ScriptedBroker scripted = startScripted().acceptsNewClient();
        List<Publication> all = new ArrayList<>();
        for (int id = 1; id <= 10; id++) {
            all.add(publish(1, 2));
            scripted.expects("PUBLISH q2 id=" + id + " *").sends("PUBREC id=" + id).expects("PUBREL id=" + id);
        }
        keys = new Object[] { "inflight.max", 2 };
        scripted = restartScripted().accepts(false);
        List<String> unanswered = new ArrayList<>(scripted.takeAll());
        for (int id = 1; id <= 10; id++) {
            assertEquals(Math.min(2, 11 - id), unanswered.size(), unanswered.toString());
            assertEquals("PUBLISH q2 id=" + id + " l1 " + id, unanswered.remove(0));
            scripted.sends("PUBREC id=" + id).expects("PUBREL id=" + id).sends("PUBCOMP id=" + id);
            unanswered.addAll(scripted.takeAll());
        }
        all.forEach(each -> assertEquals(Outcome.Kind.DELIVERED, world.outcome(each)));
    }

    @Test
    void afterARestartWhatMayHaveBeenSentInTheSessionThatTheBrokerKeptHasDup() { // MQTT-3.3.1-1
        ScriptedBroker scripted = startScripted().acceptsNewClient();
        publish(1, 1);
        scripted.expects("PUBLISH q1 id=1 l1 1");
        scripted = restartScripted().accepts(true);
        scripted.expects("PUBLISH dup q1 id=1 l1 1");
        publish(1, 1);
        scripted.expects("PUBLISH q1 id=2 l1 2").networkBreaks().acceptsAgain(true)
                .expects("PUBLISH dup q1 id=1 l1 1", "PUBLISH dup q1 id=2 l1 2").sends("PUBACK id=1", "PUBACK id=2");
    }

    @Test
    void afterARestartQos2ThatWasLoweredInTheSessionThatTheBrokerKeptHasDup() {
        keys = new Object[] { "protocol", "5" };
        ScriptedBroker scripted = startScripted();
        world.client.offer(new Mqtt5());
        scripted.expects("CONNECT *").sends("CONNACK");
        publish(1, 2);
        scripted.expects("PUBLISH q2 id=1 l1 1").networkBreaks().awaitsClient().expects("CONNECT *")
                .sends("CONNACK {36=1}").expects("PUBLISH q1 id=1 l1 1");
        scripted = restartScripted();
        world.client.offer(new Mqtt5());
        scripted.expects("CONNECT *").sends("CONNACK session-present {36=1}").expects("PUBREL id=1",
                "PUBLISH dup q1 id=2 l1 1");
    }

    @Test
    void afterARestartNothingHasDupInASessionThatIsNew() {
        ScriptedBroker scripted = startScripted().acceptsNewClient();
        publish(1, 1);
        publish(1, 2);
        scripted.expects("PUBLISH q1 id=1 l1 1", "PUBLISH q2 id=2 l1 2");
        scripted = restartScripted().accepts(false).expects("PUBLISH q2 id=2 l1 2", "PUBLISH q1 id=3 l1 1");
        scripted.networkBreaks().acceptsAgain(true).expects("PUBLISH dup q2 id=2 l1 2", "PUBLISH dup q1 id=3 l1 1");
    }

    @Test
    void aSubscriptionIsWrittenDownWhenItIsAskedForAndEndsIfNobodyWantsItAfterACrash() {
        ScriptedBroker scripted = startScripted().acceptsNewClient();
        hangs = true;
        world.subscribe("a", 1, new Recorder());
        scripted.expects("SUBSCRIBE id=1 a:1"); // what is published next must not overtake it
        answers();
        scripted = restartScripted();
        assertEquals(Map.of("a", 1), world.stored.subscriptions);
        scripted.accepts(true).expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 1").idles(Duration.ofSeconds(290))
                .expectsNothing().idles(Duration.ofSeconds(11)).expects("UNSUBSCRIBE id=2 a").sends("UNSUBACK id=2")
                .expectsNothing().idles(Duration.ofSeconds(1));
        restartScripted();
        assertEquals(Map.of(), world.stored.subscriptions);
    }

    @Test
    void onADiskThatCannotBeWrittenSubscriptionsAreAskedForAllTheSame() {
        ScriptedBroker scripted = startScripted().acceptsNewClient();
        disk.failWrites(1000);
        ClientSubscription first = world.subscribe("a", 1, new Recorder());
        scripted.expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 1");
        ClientSubscription second = world.subscribe("b", 1, new Recorder()); // writing waits to be tried again
        scripted.expects("SUBSCRIBE id=2 b:1").sends("SUBACK id=2 1");
        assertTrue(first.granted().isGranted() && second.granted().isGranted());
        assertEquals(StoreHealth.DEGRADED, world.client.status().store());
        disk.failWrites(0);
        scripted.idles(Duration.ofSeconds(10));
        restartScripted();
        assertEquals(Map.of("a", 1, "b", 1), world.stored.subscriptions);
    }

    @Test
    void aSubscriptionThatWasTakenBackBeforeItWasAskedForIsNotWrittenDownAnyMore() {
        ScriptedBroker scripted = startScripted().acceptsNewClient().networkBreaks();
        world.subscribe("a", 1, new Recorder()).close();
        scripted.acceptsAgain(true).expectsNothing();
        restartScripted();
        assertEquals(Map.of(), world.stored.subscriptions);
    }

    @Test
    void aListenerThatSubscribedBeforeTheStoreWasOpenIsTheOneThatComesBack() {
        ScriptedBroker scripted = startScripted().acceptsNewClient();
        world.subscribe("in", 1, new Recorder());
        scripted.expects("SUBSCRIBE id=1 in:1").sends("SUBACK id=1 1");
        scheduler.run();
        hangs = true;
        scripted = restartScripted();
        Recorder listener = new Recorder();
        ClientSubscription subscription = world.subscribe("in", 1, listener);
        answers();
        assertEquals(Map.of("in", 1), world.stored.subscriptions);
        scripted.accepts(true).take("SUBSCRIBE");
        scripted.sends("PUBLISH q1 id=7 in x").expects("PUBACK id=7").expectsNothing();
        assertEquals(List.of("in x"), listener.take());
        subscription.close();
        assertEquals(1, scripted.sends("SUBACK id=1 1").take("UNSUBSCRIBE").size());
    }

    @Test
    void whatTheBrokerMayHoldIsUnsubscribedAlsoIfItRefusedOtherOptions() {
        ScriptedBroker scripted = startScripted().acceptsNewClient();
        world.subscribe("in", 1, new Recorder());
        scripted.expects("SUBSCRIBE id=1 in:1").sends("SUBACK id=1 1");
        world.client.prepareStop();
        world.client.stop();
        scripted.expects("DISCONNECT").idles(Duration.ofSeconds(10));
        hangs = true;
        scripted = startScripted();
        ClientSubscription subscription = world.subscribe("in", 2, new Recorder());
        answers();
        assertEquals(Map.of("in", 1), world.stored.subscriptions);
        scripted.accepts(true).expects("SUBSCRIBE id=1 in:2").sends("SUBACK id=1 128");
        subscription.close();
        assertEquals(1, scripted.take("UNSUBSCRIBE").size());
    }

    @Test
    void aReceivedQos2MessageIsConfirmedAndForgottenOnlyWhenThatIsWrittenDown() {
        List<String> confirmed = new ArrayList<>();
        List<String> handed = new ArrayList<>();
        broker.confirmed(out -> confirmed.add("" + out.number));
        start();
        world.subscribe("in", 2, message -> handed.add(new String(message.payload(), StandardCharsets.UTF_8)));
        exchange();
        hangs = true;
        broker.publishes("c", "in", 2);
        exchange();
        assertEquals(List.of("1"), handed);
        assertEquals(List.of(), confirmed);
        answers();
        hangs = true;
        broker.clientReads(0);
        broker.reads(10);
        assertEquals(List.of("1"), confirmed);
        exchange();
        assertFalse(broker.isQuiet(), "completed before that is written down");
        answers();
        exchange();
        assertTrue(broker.isQuiet());
        restart();
        assertEquals(Map.of(), world.stored.received);
        assertEquals(Map.of("in", 2), world.stored.subscriptions);
    }

    @Test
    void aSessionThatBeganInTheMomentOfAPowerCutIsNotTakenForTheOneBefore() {
        List<String> handed = new ArrayList<>();
        start();
        world.subscribe("in", 2, message -> handed.add(new String(message.payload(), StandardCharsets.UTF_8)));
        exchange();
        broker.publishes("c", "in", 2);
        broker.clientReads(10); // its PUBREC is never read
        hangs = true;
        broker.losesSessions();
        for (int i = 0; i < 20 && !broker.isConnected(); i++) {
            scheduler.advance(Duration.ofSeconds(1));
            broker.reads(1);
        }
        assertTrue(broker.isConnected());
        hangs = false;
        hanging.clear();
        restart();
        assertEquals(1, world.stored.received.size());
        world.subscribe("in", 2, message -> handed.add(new String(message.payload(), StandardCharsets.UTF_8)));
        for (int i = 0; i < 5; i++) {
            exchange();
            scheduler.advance(Duration.ofSeconds(1));
        }
        broker.publishes("c", "in", 2);
        exchange();
        assertEquals(List.of("1", "2"), handed);
    }

    @Test
    void aDiskThatDoesNotKeepUpRefusesWithTheReasonAndTellsThoseWhoWait() {
        broker.refuses(true);
        start();
        hangs = true;
        Publication last = null;
        for (int i = 0; i < 200; i++) {
            last = publish(3, 1, 100_000);
        }
        assertTrue(world.client.metrics().pending() < 170);
        RejectedException refusal = refusal(last);
        assertEquals(StoreHealth.FULL, world.client.status().store());
        assertTrue(world.client.status().storeReason().contains("does not keep up"),
                world.client.status().storeReason());
        List<String> told = new ArrayList<>();
        world.client.publisher().whenSpace(() -> told.add("space"));
        answers();
        assertEquals(List.of("space"), told);
        assertEquals(Durability.POWER, world.now(publish(3, 1, 10).stored()));
        scheduler.advance(Duration.ofSeconds(2));
        assertEquals(StoreHealth.OK, world.client.status().store());
        assertTrue(refusal.getMessage().contains("does not keep up"), refusal.getMessage());
    }

    @Test
    void whatIsNotWrittenYetIsBoundedOnTheCallersThread() { // the loop has not run once when the heap would be full
        broker.refuses(true);
        start();
        int accepted = 0;
        Publication last = world.client.publisher().publish(Message.to("l3").lane(3).payload(new byte[1000]).build());
        while (last.id() > 0 && accepted < 20_000) {
            accepted++;
            last = world.client.publisher().publish(Message.to("l3").lane(3).payload(new byte[1000]).build());
        }
        assertEquals(16 * 1024 * 1024 / (1000 + 2 + 192), accepted);
        RejectedException refusal = refusal(last);
        assertEquals(RejectedException.Reason.FULL, refusal.reason());
        assertTrue(refusal.getMessage().contains("the disk does not keep up"), refusal.getMessage());
        assertTrue(publish(3, 1, 10).id() > 0, "all of it is written by now");
    }

    @Test
    void whatABatchIsBeingWrittenWithCountsUntilTheDiskHasIt() {
        broker.refuses(true);
        start();
        hangs = true;
        publish(3, 1, 9_000_000 / 10);
        int accepted = 1;
        while (publish(3, 1, 9_000_000 / 10).id() > 0) {
            accepted++;
        }
        assertEquals(18, accepted);
        publish(3, 1, 1000); // small ones fit still
        answers();
        assertTrue(publish(3, 1, 9_000_000 / 10).id() > 0);
    }

    @Test
    void aMessageThatIsLargerThanWhatMayWaitForTheDiskIsTakenAlone() {
        broker.refuses(true);
        start();
        hangs = true;
        world.client.configure("test", settings("store", "packet.max.bytes", 40_000_000));
        scheduler.run();
        Message large = Message.to("l3").lane(3).payload(new byte[17_000_000]).build();
        assertTrue(world.publish(large).id() > 0);
        assertEquals(0, world.publish(large).id());
        answers();
        assertTrue(world.publish(large).id() > 0);
    }

    @Test
    void belowTheFloorNothingMoreIsTakenAndWhatIsThereIsDelivered() {
        floorBytes = 1000;
        List<Publication> all = fill(200, 3500);
        disk.usable = 10;
        world.now(publish(3, 1, 10).stored());
        Publication refused = publish(3, 1, 10);
        assertEquals(0, refused.id());
        assertEquals(StoreHealth.FULL, world.client.status().store());
        broker.refuses(false);
        for (int i = 0; i < 100; i++) {
            exchange();
            scheduler.advance(Duration.ofSeconds(1));
        }
        all.forEach(each -> assertEquals(Outcome.Kind.DELIVERED, world.outcome(each)));
        assertEquals(0, world.client.metrics().pending());
        disk.usable = 1000;
        scheduler.advance(Duration.ofSeconds(2));
        assertEquals(StoreHealth.OK, world.client.status().store());
        assertTrue(publish(3, 1, 10).id() > 0);
    }

    @Test
    void theOldestAreDroppedAlsoWhenTheyAreOnTheDisk() {
        keys = new Object[] { "store.overflow", "drop-oldest", "store.max.messages", 30 };
        List<Publication> all = fill(100, 20_000);
        scheduler.run();
        assertEquals(30, world.client.metrics().pending());
        assertEquals(70, world.client.metrics().dropped());
        for (int i = 0; i < 100; i++) {
            assertEquals(i < 70 ? Outcome.Kind.DROPPED : Outcome.Kind.PENDING, world.outcome(all.get(i)), "" + i);
        }
        restart();
        assertTrue(world.client.metrics().pending() >= 30);
    }

    @Test
    void messagesOnTheDiskCanBeCancelledOnceAndWatched() {
        List<Publication> all = fill(40, 20_000);
        var first = all.get(39).cancel();
        var second = all.get(39).cancel();
        assertTrue(world.now(first));
        assertFalse(world.now(second));
        assertEquals(39, world.client.metrics().pending());
        assertEquals(1, world.client.metrics().cancelled());
        restart();
        assertEquals(39, world.client.metrics().pending());
        assertEquals(39L * (20_000 + 2 + 64), world.client.metrics().pendingBytes());
    }

    @Test
    void messagesOnTheDiskExpireAndGrowTooOldAlsoAfterARestart() {
        broker.refuses(true);
        start();
        for (int i = 0; i < 40; i++) {
            Message.Builder builder = Message.to("t").lane(2).qos(Qos.AT_LEAST_ONCE).payload(new byte[20_000]);
            world.publish((i % 2 == 0 ? builder.expiresAfter(Duration.ofSeconds(60)) : builder).build());
        }
        restart();
        scheduler.advance(Duration.ofSeconds(120));
        assertEquals(20, world.client.metrics().expired());
        assertEquals(20, world.client.metrics().pending());
        keys = new Object[] { "store.max.age.seconds", 300 };
        restart();
        scheduler.advance(Duration.ofSeconds(120));
        assertEquals(20, world.client.metrics().pending());
        scheduler.advance(Duration.ofSeconds(120));
        assertEquals(0, world.client.metrics().pending());
        assertEquals(20, world.client.metrics().dropped());
    }

    @Test
    void aStoreThatCannotBeOpenedIsAStateAndOtherClientsGoOn() {
        disk.put("store", new byte[0]);
        start();
        assertEquals(StoreHealth.FAILED, world.client.status().store());
        assertTrue(world.client.status().storeReason().contains("store.directory"), world.client.status().toString());
        assertEquals(ConnectionState.FAILED, world.client.status().state());
        assertEquals(0, publish(1, 1).id());
        assertTrue(World.connected().client.connector().isConnected());
        disk.remove("store");
        scheduler.advance(Duration.ofSeconds(1));
        exchange();
        assertEquals(StoreHealth.OK, world.client.status().store());
        assertTrue(world.client.connector().isConnected());
        publish(1, 1);
        exchange();
        assertEquals(1, world.client.metrics().delivered());
    }

    @Test
    void aDamagedStateIsDiscardedAtTheBrokerAndASoundOneIsNot() {
        start();
        exchange();
        publish(1, 2);
        exchange();
        restart();
        exchange();
        assertEquals(0, broker.sessionsLost());
        publish(1, 1);
        exchange();
        scheduler.forget();
        broker.clientDies();
        disk.kill();
        String session = disk.files().stream().filter(each -> each.contains("session")).findFirst().orElseThrow();
        disk.flip(session, 8 * 70);
        start();
        exchange();
        assertTrue(world.takeEvents().contains("store incomplete"));
        assertEquals(1, broker.sessionsLost());
        assertTrue(world.client.connector().isConnected());
    }

    @Test
    void aClientThatStopsWhileTheDiskHangsEndsWhenThatAnswers() {
        start();
        exchange();
        hangs = true;
        Publication publication = publish(1, 2);
        var stopped = world.client.stop();
        exchange();
        assertFalse(world.isDone(stopped));
        answers();
        world.now(stopped);
        assertEquals(Outcome.Kind.KEPT_IN_STORE, world.now(publication.delivered()).kind());
        assertEquals(Durability.POWER, world.now(publication.stored()));
    }

    @Test
    void theRateLimitHoldsExactlyOnceBackAlsoAfterTheIdsAreWrittenDown() {
        keys = new Object[] { "rate.messages", 1, "rate.burst", 1 };
        ScriptedBroker scripted = startScripted().acceptsNewClient();
        hangs = true;
        for (int i = 0; i < 3; i++) {
            publish(1, 2);
        }
        answers();
        assertEquals(List.of("PUBLISH q2 id=1 l1 1"), scripted.takeAll());
        scripted.idles(Duration.ofSeconds(1));
        assertEquals(List.of("PUBLISH q2 id=2 l1 2"), scripted.takeAll());
    }
}
