package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CompletionStage;
import mqtt.resilient.api.Subscription.Removal;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** What becomes of a subscription at the broker reaches whoever ends it (section 3.11). */
class UnsubscribeTest {
    private static final Removal REMOVED = new Removal(Removal.How.ANSWERED, 0, "", List.of());

    private final Recorder recorder = new Recorder();

    private ClientSubscription granted(World world) {
        ClientSubscription subscription = world.subscribe("a", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 1");
        return subscription;
    }

    @Test
    void theAnswerOfTheBrokerIsTheResult() {
        World world = World.connected();
        CompletionStage<Removal> end = granted(world).unsubscribe();
        world.broker.expects("UNSUBSCRIBE id=2 a");
        assertFalse(world.isDone(end));
        world.broker.sends("UNSUBACK id=2");
        assertEquals(REMOVED, world.now(end));
        assertTrue(world.now(end).isRemoved());
    }

    @Test
    void theCodeTheWordsAndTheUserPropertiesOfMqtt5AreThere() {
        World world = World.connectedWithFive("CONNACK");
        CompletionStage<Removal> end = granted(world).unsubscribe();
        world.broker.expects("UNSUBSCRIBE id=2 a").sends("UNSUBACK id=2 {31=why 38=b:1 38=a:2} 17");
        assertEquals(
                new Removal(Removal.How.ANSWERED, 0x11, "why",
                        List.of(new UserProperty("b", "1"), new UserProperty("a", "2"))),
                world.now(end));
        assertFalse(world.now(end).toString().contains("2]"), "the value of a user property may be a secret");
    }

    @Test
    void aRefusalIsToldAndTheBrokerIsAskedAgainOnTheNextConnection() {
        World world = World.connectedWithFive("CONNACK");
        CompletionStage<Removal> end = granted(world).unsubscribe();
        world.broker.expects("UNSUBSCRIBE id=2 a").sends("UNSUBACK id=2 135").expectsNothing();
        assertEquals(0x87, world.now(end).code());
        assertFalse(world.now(end).isRemoved());
        world.broker.networkBreaks().acceptsAgain(true).expects("UNSUBSCRIBE id=3 a").sends("UNSUBACK id=3 0")
                .expectsNothing();
    }

    @Test
    void userPropertiesGoAlongWithMqtt5Only() {
        List<UserProperty> properties = List.of(new UserProperty("who", "me"), new UserProperty("who", "you"));
        World world = World.connectedWithFive("CONNACK");
        granted(world).unsubscribe(properties);
        world.broker.expects("UNSUBSCRIBE id=2 {38=who:me 38=who:you} a");
        World older = World.connected();
        granted(older).unsubscribe(properties);
        older.broker.expects("UNSUBSCRIBE id=2 a");
    }

    @Test
    void filtersWithOtherUserPropertiesGoInPacketsOfTheirOwn() {
        World world = World.connectedWithFive("CONNACK");
        List<ClientSubscription> all = List.of(world.subscribe("a", 1, recorder), world.subscribe("b", 1, recorder),
                world.subscribe("c", 1, recorder));
        world.broker.expects("SUBSCRIBE *", "SUBSCRIBE *", "SUBSCRIBE *").sends("SUBACK id=1 1", "SUBACK id=2 1",
                "SUBACK id=3 1");
        all.get(0).unsubscribe(List.of(new UserProperty("n", "v")));
        all.get(1).unsubscribe(List.of(new UserProperty("n", "v")));
        all.get(2).unsubscribe();
        world.broker.expects("UNSUBSCRIBE id=4 {38=n:v} a b", "UNSUBSCRIBE id=5 c").expectsNothing();
    }

    @Test
    void userPropertiesForWhichTheBrokerHasNoRoomAreLeftOut() {
        World world = World.connectedWithFive("CONNACK {39=60}");
        granted(world).unsubscribe(List.of(new UserProperty("name", "x".repeat(50))));
        world.broker.expects("UNSUBSCRIBE id=2 a");
    }

    @Test
    void aFilterThatIsTooLongForTheBrokerIsToldAsRefused() {
        World world = World.connectedWithFive("CONNACK");
        String filter = "x".repeat(100);
        ClientSubscription subscription = world.subscribe(filter, 1, recorder);
        world.broker.expects("SUBSCRIBE *").sends("SUBACK id=1 1").networkBreaks().awaitsClient().expects("CONNECT *")
                .sends("CONNACK session-present {39=60}");
        assertEquals(0x95, world.now(subscription.unsubscribe()).code());
        world.broker.expectsNothing();
    }

    @Test
    void nothingIsSentWhileAnotherListenerNeedsTheFilter() {
        World world = World.connected();
        ClientSubscription one = granted(world);
        ClientSubscription other = world.subscribe("a", 1, new Recorder());
        world.broker.expects("SUBSCRIBE id=2 a:1").sends("SUBACK id=2 1");
        assertEquals(Removal.KEPT, world.now(one.unsubscribe()));
        world.broker.expectsNothing();
        CompletionStage<Removal> end = other.unsubscribe();
        world.broker.expects("UNSUBSCRIBE id=3 a").sends("UNSUBACK id=3");
        assertEquals(REMOVED, world.now(end));
        assertEquals(Removal.KEPT, world.now(one.unsubscribe()), "the result is that of the first call");
    }

    @Test
    void nothingIsSentWhileAListenerMayComeBack() {
        World world = World.connected();
        ClientSubscription gone = granted(world);
        ClientSubscription other = world.subscribe("a", 1, new Recorder());
        world.broker.expects("SUBSCRIBE id=2 a:1").sends("SUBACK id=2 1");
        gone.release();
        assertEquals(Removal.KEPT, world.now(other.unsubscribe()));
        assertEquals(Removal.KEPT, world.now(gone.unsubscribe()));
        world.broker.expectsNothing();
    }

    @Test
    void whatTheBrokerWasNeverAskedForNeedsNoAnswer() {
        World world = new World();
        assertEquals(Removal.NOTHING_THERE, world.now(world.subscribe("a", 1, recorder).unsubscribe()));
        world.broker.acceptsNewClient().expectsNothing();
    }

    @Test
    void whoLeavesBeforeTheBrokerRefusesIsToldWithTheRefusal() {
        World world = World.connected();
        ClientSubscription subscription = world.subscribe("a", 1, recorder);
        world.broker.expects("SUBSCRIBE *");
        CompletionStage<Removal> end = subscription.unsubscribe();
        assertFalse(world.isDone(end));
        world.broker.sends("SUBACK id=1 128").expectsNothing();
        assertEquals(Removal.NOTHING_THERE, world.now(end));
    }

    @Test
    void whatTheBrokerRefusedNeedsNoAnswer() {
        World world = World.connected();
        ClientSubscription subscription = world.subscribe("a", 1, recorder);
        world.broker.expects("SUBSCRIBE *").sends("SUBACK id=1 128");
        assertEquals(Removal.NOTHING_THERE, world.now(subscription.unsubscribe()));
        world.broker.expectsNothing();
    }

    @Test
    void withoutAConnectionItIsSettledOnTheNextOne() {
        World world = World.connected();
        ClientSubscription subscription = granted(world);
        world.broker.networkBreaks();
        CompletionStage<Removal> end = subscription.unsubscribe();
        world.broker.awaitsClient();
        assertFalse(world.isDone(end));
        world.broker.accepts(true).expects("UNSUBSCRIBE id=2 a").sends("UNSUBACK id=2");
        assertEquals(REMOVED, world.now(end));
    }

    @Test
    void aConnectionThatEndsBeforeTheAnswerIsNoAnswer() {
        World world = World.connected();
        CompletionStage<Removal> end = granted(world).unsubscribe();
        world.broker.expects("UNSUBSCRIBE id=2 a").networkBreaks().awaitsClient();
        assertFalse(world.isDone(end));
        world.broker.accepts(true).expects("UNSUBSCRIBE id=3 a").sends("UNSUBACK id=3");
        assertEquals(REMOVED, world.now(end));
    }

    @Test
    void withTheSessionTheSubscriptionIsGone() {
        World world = World.connected();
        CompletionStage<Removal> end = granted(world).unsubscribe();
        world.broker.expects("UNSUBSCRIBE id=2 a").networkBreaks().acceptsAgain(false).expectsNothing();
        assertEquals(Removal.NOTHING_THERE, world.now(end));
    }

    @Test
    void aSubscribeThatIsNotAnsweredIsWaitedFor() {
        World world = World.connected();
        CompletionStage<Removal> end = world.subscribe("a", 1, recorder).unsubscribe();
        world.broker.expects("SUBSCRIBE id=1 a:1").expectsNothing().sends("SUBACK id=1 1").expects("UNSUBSCRIBE id=2 a")
                .sends("UNSUBACK id=2");
        assertEquals(REMOVED, world.now(end));
    }

    @Test
    void whoSubscribesAgainBeforeItIsSentKeepsIt() {
        World world = World.connected();
        ClientSubscription subscription = granted(world);
        world.broker.networkBreaks();
        CompletionStage<Removal> end = subscription.unsubscribe();
        world.subscribe("a", 1, new Recorder());
        assertEquals(Removal.KEPT, world.now(end));
        world.broker.acceptsAgain(true).expects("SUBSCRIBE *");
    }

    @Test
    void whoSubscribesAgainAfterItIsSentDoesNotSpoilTheAnswer() {
        World world = World.connected();
        CompletionStage<Removal> end = granted(world).unsubscribe();
        world.broker.expects("UNSUBSCRIBE id=2 a");
        world.subscribe("a", 1, new Recorder());
        assertFalse(world.isDone(end));
        world.broker.sends("UNSUBACK id=2").expects("SUBSCRIBE id=3 a:1");
        assertEquals(REMOVED, world.now(end));
    }

    @Test
    void theConnectionEndsAfterSomebodyHasSubscribedAgain() {
        World world = World.connected();
        CompletionStage<Removal> end = granted(world).unsubscribe();
        world.broker.expects("UNSUBSCRIBE id=2 a");
        world.subscribe("a", 1, new Recorder());
        world.broker.networkBreaks();
        assertEquals(Removal.KEPT, world.now(end));
        world.broker.acceptsAgain(true).expects("SUBSCRIBE *");
    }

    @Test
    void theEndOfTheClientEndsEveryWait() {
        World world = World.connected();
        ClientSubscription open = granted(world);
        ClientSubscription left = world.subscribe("b", 1, recorder);
        CompletionStage<Removal> end = left.unsubscribe();
        world.client.stop();
        assertEquals(Removal.CLOSED, world.now(end));
        assertEquals(Removal.CLOSED, world.now(open.unsubscribe()));
        assertEquals(Removal.CLOSED, world.now(world.subscribe("c", 1, recorder).unsubscribe()));
    }

    @Test
    void aStopThatIsNearUnsubscribesNothing() {
        World world = World.connected();
        ClientSubscription subscription = granted(world);
        world.client.prepareStop();
        assertEquals(Removal.KEPT, world.now(subscription.unsubscribe()));
        world.broker.expectsNothing();
    }

    @Test
    void closeAndUnsubscribeAreTheSameEnd() {
        World world = World.five();
        world.broker.expects("CONNECT *").sends("CONNACK");
        ClientSubscription subscription = granted(world);
        subscription.close();
        CompletionStage<Removal> end = subscription.unsubscribe();
        world.broker.expects("UNSUBSCRIBE id=2 a").sends("UNSUBACK id=2 0").expectsNothing();
        assertEquals(REMOVED, world.now(end));
        assertEquals(REMOVED, world.now(subscription.unsubscribe()));
    }
}
