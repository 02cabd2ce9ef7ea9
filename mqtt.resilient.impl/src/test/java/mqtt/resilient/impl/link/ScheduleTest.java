package mqtt.resilient.impl.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** Connected only now and then: every 15 minutes for 30 seconds at least. */
class ScheduleTest {
    private static final String ASLEEP = "until the next window of the schedule";

    private static World scheduled() {
        return World.connected("schedule.every.minutes", 15, "schedule.stay.seconds", 30);
    }

    private static World asleep() {
        World world = scheduled();
        world.broker.idles(Duration.ofSeconds(31)).takeAll();
        assertEquals(ASLEEP, world.reason());
        return world;
    }

    @Test
    void aWindowLastsAsLongAsItShouldAndEndsWithAGoodbye() {
        World world = scheduled();
        world.broker.idles(Duration.ofSeconds(29));
        assertEquals(ConnectionState.ONLINE, world.state());
        world.broker.after(Duration.ofSeconds(1)).expects("DISCONNECT");
        assertEquals(ConnectionState.PAUSED, world.state());
        assertEquals(ASLEEP, world.reason());
        assertEquals(0, world.broker.openConnections());
    }

    @Test
    void theNextWindowBeginsFifteenMinutesAfterTheLastAndResumesTheSession() {
        World world = asleep();
        long seconds = world.client.status().nextAttempt().toSeconds();
        assertTrue(seconds > 860 && seconds < 870, seconds + " s");
        world.broker.after(Duration.ofSeconds(860)).expectsNothing();
        world.broker.after(Duration.ofSeconds(9)).accepts(true);
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void itStaysAsleepWhenTheHeapWasShort() {
        World world = asleep();
        world.scheduler.execute(world.client::mend);
        world.broker.after(Duration.ofSeconds(860)).expectsNothing();
        assertEquals(ASLEEP, world.reason());
        world.broker.after(Duration.ofSeconds(9)).accepts(true);
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void aWindowStaysOpenUntilEverythingIsDelivered() {
        World world = scheduled();
        var publication = world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1").after(Duration.ofSeconds(5)).expects("PINGREQ")
                .expectsNothing();
        world.broker.sends("PINGRESP", "PUBACK id=1").idles(Duration.ofSeconds(20));
        var late = world.publish("t", "2");
        world.broker.idles(Duration.ofSeconds(8));
        assertEquals(ConnectionState.ONLINE, world.state());
        world.broker.expects("PUBLISH q1 id=2 t 2").sends("PUBACK id=2").after(Duration.ofSeconds(1));
        assertEquals(ConnectionState.PAUSED, world.state());
        assertEquals(Outcome.Kind.DELIVERED, world.outcome(publication));
        assertEquals(Outcome.Kind.DELIVERED, world.outcome(late));
    }

    @Test
    void aWindowStaysOpenUntilListenersAreDone() {
        World world = scheduled();
        world.subscribe("a", 1, new Recorder());
        world.broker.expects("SUBSCRIBE *").sends("SUBACK id=1 1");
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q1 id=7 a x").idles(Duration.ofSeconds(40));
        assertEquals(ConnectionState.ONLINE, world.state());
        world.listenersAreStuck(false);
        world.broker.expects("PUBACK id=7").after(Duration.ofSeconds(1)).expects("DISCONNECT");
        assertEquals(ConnectionState.PAUSED, world.state());
    }

    @Test
    void whatIsPublishedMeanwhileGoesWithTheNextWindow() {
        World world = asleep();
        world.publish("t", "1");
        world.broker.after(Duration.ofMinutes(10)).expectsNothing();
        world.broker.after(Duration.ofSeconds(270)).accepts(true).expects("PUBLISH q1 id=1 t 1");
    }

    @Test
    void anAlarmOpensTheWindowEarly() {
        World world = asleep();
        world.publish("t", "bulk");
        world.broker.expectsNothing();
        world.publish(Message.to("alarm").payload("fire").lane(Message.LANE_ALARM).build());
        world.broker.accepts(true).expects("PUBLISH q1 id=1 alarm fire", "PUBLISH q1 id=2 t bulk");
        world.broker.sends("PUBACK id=1", "PUBACK id=2").idles(Duration.ofSeconds(31));
        assertEquals(ASLEEP, world.reason());
    }

    @Test
    void aWindowInWhichTheBrokerIsAwayIsTriedUntilItIsBack() {
        World world = asleep();
        world.broker.isReachable(false).after(Duration.ofMinutes(20));
        assertEquals(ConnectionState.WAITING, world.state());
        world.broker.isReachable(true).acceptsAgain(true);
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void aLinkThatBreaksWithinAWindowIsMadeAgain() {
        World world = scheduled();
        world.broker.after(Duration.ofSeconds(5)).networkBreaks().acceptsAgain(true);
        assertEquals(ConnectionState.ONLINE, world.state());
        world.broker.idles(Duration.ofSeconds(31));
        assertEquals(ASLEEP, world.reason());
    }

    @Test
    void disconnectWhileAsleepStaysOfflineAndConnectOpensAWindow() {
        World world = asleep();
        world.client.connector().disconnect();
        assertEquals("disconnect() was called", world.reason());
        world.broker.after(Duration.ofHours(2)).expectsNothing();
        world.publish(Message.to("alarm").payload("fire").lane(Message.LANE_ALARM).build());
        world.broker.expectsNothing();
        world.client.connector().connect();
        world.broker.accepts(true).expects("PUBLISH q1 id=1 alarm fire").sends("PUBACK id=1");
        world.broker.idles(Duration.ofSeconds(31));
        assertEquals(ASLEEP, world.reason());
    }

    @Test
    void connectWhileAsleepChangesNothingAndReconnectOpensAWindow() {
        World world = asleep();
        world.client.connector().connect();
        world.broker.expectsNothing();
        assertEquals(ASLEEP, world.reason());
        world.client.connector().reconnect();
        world.broker.accepts(true);
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void disconnectWithinAWindowSaysGoodbyeAndNoWindowFollows() {
        World world = scheduled();
        world.client.connector().disconnect();
        world.broker.expects("DISCONNECT").after(Duration.ofHours(1)).expectsNothing();
        assertEquals("disconnect() was called", world.reason());
    }

    @Test
    void aScheduleThatIsTakenAwayConnectsForGood() {
        World world = asleep();
        world.reconfigure("schedule.every.minutes", 0);
        world.broker.accepts(true).idles(Duration.ofHours(1));
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void aScheduleThatIsGivenToALivingLinkEndsIt() {
        World world = World.connected();
        world.reconfigure("schedule.every.minutes", 15, "schedule.stay.seconds", 30);
        world.broker.idles(Duration.ofSeconds(31));
        assertEquals(ASLEEP, world.reason());
    }

    // ---- not from the start ---------------------------------------------------------------------------------------

    @Test
    void withoutConnectOnStartItTakesMessagesAndConnectsWhenSomebodyHasItConnect() {
        World world = new World("connect.on.start", false);
        var publication = world.publish("t", "1");
        world.broker.after(Duration.ofMinutes(10)).expectsNothing();
        assertEquals(List.of(), world.broker.takeAttempts());
        assertEquals(ConnectionState.PAUSED, world.state());
        assertEquals("connect.on.start is false, and nobody has had it connect yet", world.reason());
        var reconnected = world.client.connector().reconnect().toCompletableFuture();
        world.scheduler.run();
        assertTrue(assertThrows(CompletionException.class, reconnected::join).getCause().getMessage()
                .contains("connect.on.start is false"));
        world.reconfigure("connect.on.start", false, "keepalive.seconds", 30);
        world.broker.after(Duration.ofMinutes(1));
        assertEquals(ConnectionState.PAUSED, world.state());
        world.client.connector().connect();
        world.broker.acceptsNewClient().expects("PUBLISH q1 id=1 t 1").sends("PUBACK id=1");
        assertEquals(Outcome.Kind.DELIVERED, world.outcome(publication));
    }

    @Test
    void whatWaitsForSomebodyToHaveItConnectHasItsClientIdentifierAndBroker() {
        World world = new World("connect.on.start", false, "client.id", "me");
        world.scheduler.run();
        assertEquals("me", world.client.status().clientId());
        assertEquals(1, world.client.status().brokers().size());
    }

    @Test
    void withoutConnectOnStartAConnectionThatIsLostIsMadeAnew() {
        World world = new World("connect.on.start", false);
        world.client.connector().connect();
        world.broker.acceptsNewClient().hangsUp();
        world.broker.after(Duration.ofSeconds(10)).accepts(true);
        assertEquals(ConnectionState.ONLINE, world.state());
    }
}
