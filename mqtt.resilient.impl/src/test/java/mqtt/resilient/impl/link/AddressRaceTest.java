package mqtt.resilient.impl.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** A name with several addresses (RFC 8305). */
class AddressRaceTest {
    private static final String SIX = "2001:db8:0:0:0:0:0:1";
    private static final String SIX_B = "2001:db8:0:0:0:0:0:2";
    private static final String FOUR = "10.0.0.1";
    private static final String FOUR_B = "10.0.0.2";
    private static final Duration QUARTER = Duration.ofMillis(250);

    /** A world in which nothing has run yet. */
    private final World world = new World();

    private static String at(String address) {
        return address + ":1883";
    }

    @Test
    void theFamiliesAreTriedInTurnBeginningWithTheOneThatComesFirst() {
        world.broker.resolves("broker", SIX, SIX_B, FOUR, FOUR_B).isSilent(true);
        assertEquals(List.of(at(SIX)), world.broker.takeAttempts());
        assertEquals(List.of(at(FOUR)), world.broker.after(QUARTER).takeAttempts());
        assertEquals(List.of(at(SIX_B)), world.broker.after(QUARTER).takeAttempts());
        assertEquals(List.of(at(FOUR_B)), world.broker.after(QUARTER).takeAttempts());
        assertEquals(4, world.broker.openConnections());
    }

    @Test
    void ipv4ComesFirstWhereTheResolverSaysSo() {
        world.broker.resolves("broker", FOUR, FOUR_B, SIX).isSilent(true).after(QUARTER).after(QUARTER);
        assertEquals(List.of(at(FOUR), at(SIX), at(FOUR_B)), world.broker.takeAttempts());
    }

    @Test
    void aSilentAddressCostsAQuarterOfASecond() {
        world.broker.resolves("broker", SIX, FOUR).isSilentAt(SIX, true).expectsNothing().after(QUARTER)
                .acceptsNewClient();
        assertEquals(ConnectionState.ONLINE, world.state());
        assertEquals(1, world.broker.openConnections());
    }

    @Test
    void aRefusedAddressCostsNoTime() {
        world.broker.resolves("broker", SIX, SIX_B, FOUR).refusesAt(SIX, true).refusesAt(FOUR, true).acceptsNewClient();
        assertEquals(List.of(at(SIX), at(FOUR), at(SIX_B), at(SIX_B)), world.broker.takeAttempts());
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void theFirstThatConnectsWinsAndTheOthersAreClosed() {
        world.broker.resolves("broker", SIX, FOUR, FOUR_B).connectsAfter(SIX, Duration.ofSeconds(3))
                .connectsAfter(FOUR, Duration.ofMillis(100)).after(Duration.ofMillis(350)).expects("CONNECT clean *")
                .sends("CONNACK").expects("DISCONNECT").after(Duration.ofMillis(100)).accepts(false)
                .after(Duration.ofSeconds(5)).expectsNothing();
        assertEquals(1, world.broker.openConnections());
        assertEquals(List.of(at(SIX), at(FOUR), at(FOUR)), world.broker.takeAttempts());
    }

    @Test
    void anAddressThatIsSlowerThanTheHeadStartMayStillWin() {
        world.broker.resolves("broker", SIX, FOUR).connectsAfter(SIX, Duration.ofSeconds(2)).isSilentAt(FOUR, true)
                .after(Duration.ofSeconds(2)).expects("CONNECT clean *").sends("CONNACK").expects("DISCONNECT")
                .after(Duration.ofSeconds(2)).accepts(false);
        assertEquals(ConnectionState.ONLINE, world.state());
        assertEquals(1, world.broker.openConnections());
    }

    @Test
    void everyAddressHasConnectSecondsOfItsOwn() {
        world.broker.resolves("broker", SIX, FOUR).isSilent(true).after(Duration.ofMillis(10_100));
        assertEquals(ConnectionState.CONNECTING, world.state(), "the second began a quarter of a second later");
        world.broker.after(QUARTER);
        assertEquals(ConnectionState.WAITING, world.state());
        assertEquals("no connection within connect.seconds (10.0 s): no end of the TCP connection (tried ["
                + SIX + "]:1883, " + FOUR + ":1883)", world.reason());
        assertEquals(0, world.broker.openConnections());
    }

    @Test
    void whenAllAddressesRefuseTheNextAttemptBeginsAnew() {
        world.broker.resolves("broker", SIX, FOUR).isReachable(false);
        assertEquals(List.of(at(SIX), at(FOUR)), world.broker.takeAttempts());
        assertEquals("Connection refused (tried [" + SIX + "]:1883, " + FOUR + ":1883)", world.reason());
        world.broker.after(Duration.ofSeconds(1));
        assertEquals(List.of(at(SIX), at(FOUR)), world.broker.takeAttempts().subList(0, 2));
    }

    @Test
    void aNameThatIsNotResolvedInTimeIsAskedForAgain() {
        world.broker.resolvesNothing(true).after(Duration.ofSeconds(9));
        assertEquals(ConnectionState.RESOLVING, world.state());
        world.broker.after(Duration.ofSeconds(1));
        assertEquals("the name of broker was not resolved within connect.seconds (10.0 s)", world.reason());
        world.broker.resolvesNothing(false).after(Duration.ofSeconds(1)).acceptsNewClient();
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void aLateAnswerOfTheResolverDoesNoHarm() {
        world.broker.resolvesNothing(true).after(Duration.ofSeconds(30));
        world.client.connector().disconnect();
        world.broker.resolvesNothing(false).after(Duration.ofSeconds(30)).expectsNothing();
        assertEquals(0, world.broker.openConnections());
    }

    /** A load balancer with one dead member: its address takes connections and never says a word. */
    @Test
    void anAddressThatConnectsButNeverAnswersDoesNotHideTheOthers() {
        world.broker.resolves("broker", FOUR, FOUR_B);
        for (int attempt = 0; attempt < 5; attempt++) {
            world.broker.awaitsClient().after(Duration.ofSeconds(10)).takeAll();
        }
        List<String> attempts = world.broker.takeAttempts();
        assertTrue(attempts.contains(at(FOUR_B)), () -> "only " + attempts);
    }
}
