package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.Authenticator;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.World;
import mqtt.resilient.spi.packet.Auth;
import org.junit.jupiter.api.Test;

/** Enhanced authentication (MQTT 5 section 4.12). */
class AuthenticationTest {
    private static World world(String method) {
        return World.five("auth.method", method);
    }

    /** Says what it is asked, with what is handed to it. */
    private static final class Echo implements Authenticator {
        final List<String> asked = new ArrayList<>();
        Duration again = Duration.ZERO;
        boolean believes = true;
        String first = "begin";

        @Override
        public Exchange begin(String client) {
            asked.add("for " + client);
            return new Exchange() {
                @Override
                public byte[] begin() {
                    say("begin", new byte[0]);
                    return first.getBytes(StandardCharsets.UTF_8);
                }

                @Override
                public byte[] answer(byte[] challenge) {
                    return say("answer", challenge);
                }

                @Override
                public Duration accepted(byte[] data) {
                    say("accepted", data);
                    if (!believes) {
                        throw new IllegalStateException("that is somebody else");
                    }
                    return again;
                }
            };
        }

        private byte[] say(String what, byte[] data) {
            asked.add(what + " " + new String(data, StandardCharsets.UTF_8));
            return what.getBytes(StandardCharsets.UTF_8);
        }
    }

    @Test
    void whatTheAuthenticatorSaysGoesToTheBrokerAndTheOtherWayRound() {
        World world = world("M");
        Echo echo = new Echo();
        world.client.authenticator(echo);
        world.broker.expects("CONNECT clean id=c keepalive=60 {17=604800 33=100 39=1048576 34=32 25=1 21=M 22=begin}")
                .sends("AUTH code=24 {21=M 22=one}").expects("AUTH code=24 {21=M 22=answer}")
                .sends("AUTH code=24 {21=M 22=two}").expects("AUTH code=24 {21=M 22=answer}")
                .sends("CONNACK {21=M 22=last}");
        assertEquals(ConnectionState.ONLINE, world.state());
        world.publish("t", "x");
        world.broker.expects("PUBLISH q1 id=1 t x");
        assertEquals(List.of("for test", "begin ", "answer one", "answer two", "accepted last"), echo.asked);
    }

    @Test
    void aBrokerThatCannotProveItselfGetsAndGivesNothing() {
        World world = world("M");
        Echo echo = new Echo();
        echo.believes = false;
        world.client.authenticator(echo);
        List<String> received = new ArrayList<>();
        world.subscribe("#", 0, message -> received.add(message.topic()));
        world.publish("t", "secret");
        world.broker.expects("CONNECT *").sendsTogether("CONNACK {21=M}", "PUBLISH q0 t false")
                .expects("DISCONNECT code=128");
        assertEquals("auth.method M: the Authenticator failed: java.lang.IllegalStateException: that is somebody else"
                + " (tried 10.0.0.1:1883)",
                world.reason());
        assertEquals(List.of(), received);
        world.broker.after(Duration.ofSeconds(20)).expectsNothing(); // it is tried again, but seldom
    }

    @Test
    void whatStandsBehindTheConnackWaitsUntilTheBrokerIsBelieved() {
        World world = world("M");
        Echo echo = new Echo();
        world.client.authenticator(echo);
        List<String> received = new ArrayList<>();
        world.subscribe("#", 1, message -> received.add(message.topic()));
        world.listenersAreStuck(true).listenersAreStuck(false);
        world.broker.expects("CONNECT *").sends("AUTH code=24 {21=M 22=one}").expects("AUTH code=24 {21=M 22=answer}");
        world.listenersAreStuck(true);
        world.broker.sends("CONNACK {21=M 22=last}", "PUBLISH q1 id=5 a x").sends("PUBLISH q1 id=6 b x")
                .expectsNothing();
        assertFalse(world.client.status().state() == ConnectionState.ONLINE);
        assertEquals(List.of(), received);
        world.listenersAreStuck(false);
        world.broker.expects("SUBSCRIBE id=1 #:1", "PUBACK id=5", "PUBACK id=6");
        assertEquals(List.of("a", "b"), received);
        assertEquals(List.of("for test", "begin ", "answer one", "accepted last"), echo.asked);
    }

    @Test
    void aConnectionThatIsUpAuthenticatesAgainWhenItsTimeHasCome() {
        World world = world("M");
        Echo echo = new Echo();
        echo.again = Duration.ofSeconds(5);
        world.client.authenticator(echo);
        world.broker.expects("CONNECT *").sends("CONNACK {21=M}").after(Duration.ofSeconds(5))
                .expects("AUTH code=25 {21=M 22=begin}").sends("AUTH code=24 {21=M 22=c}")
                .expects("AUTH code=24 {21=M 22=answer}");
        world.publish("t", "meanwhile");
        world.broker.expects("PUBLISH q1 id=1 t meanwhile").sends("PUBACK id=1", "AUTH {21=M 22=ok}")
                .after(Duration.ofSeconds(5))
                .expects("AUTH code=25 {21=M 22=begin}").sends("AUTH code=0 {21=M}");
        assertEquals(ConnectionState.ONLINE, world.state());
        assertEquals(
                List.of("for test", "begin ", "accepted ", "for test", "begin ", "answer c", "accepted ok", "for test",
                        "begin ", "accepted "),
                echo.asked);
    }

    @Test
    void aReAuthenticationThatTheBrokerDoesNotEndEndsTheConnection() {
        World world = world("M");
        Echo echo = new Echo();
        echo.again = Duration.ofSeconds(5);
        world.client.authenticator(echo);
        world.broker.expects("CONNECT *").sends("CONNACK {21=M}").after(Duration.ofSeconds(5))
                .expects("AUTH code=25 {21=M 22=begin}").after(Duration.ofSeconds(10)).expects("DISCONNECT code=128");
        assertEquals("auth.method M: the re-authentication was not over within response.seconds", world.reason());
    }

    @Test
    void withoutAnAuthenticatorForItsMethodAClientWaitsForOne() {
        World world = world("M");
        assertEquals(ConnectionState.FAILED, world.state());
        assertEquals("auth.method: M is configured, but there is no Authenticator service with mqtt.auth.method=M",
                world.reason());
        world.client.authenticator(new Echo());
        world.broker.expects("CONNECT *").sends("CONNACK {21=M}");
        world.client.authenticator(null);
        assertEquals(ConnectionState.ONLINE, world.state());
        world.broker.networkBreaks();
        assertEquals(ConnectionState.WAITING, world.state());
        world.broker.after(Duration.ofSeconds(60));
        assertEquals(ConnectionState.FAILED, world.state());
    }

    @Test
    void anAuthenticatorThatDoesNotAnswerHoldsOneThreadAndIsNamed() {
        World world = world("M").listenersAreStuck(true);
        Echo echo = new Echo();
        world.client.authenticator(echo);
        world.broker.after(Duration.ofSeconds(10));
        assertEquals("the Authenticator for auth.method gave no answer within response.seconds (10.0 s)"
                + " (tried 10.0.0.1:1883)",
                world.reason());
        world.broker.after(Duration.ofSeconds(300));
        assertEquals(List.of(), echo.asked);
        world.runOneStuckListener();
        assertEquals(List.of("for test"), echo.asked, "what earlier connections wanted to ask is forgotten");
        world.listenersAreStuck(false);
        world.broker.awaitsClient().expects("CONNECT *").sends("CONNACK {21=M}");
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void anAuthenticatorThatFailsIsNamedAndTriedAgainSeldom() {
        World world = world("M");
        int[] calls = { 0 };
        world.client.authenticator(client -> {
            calls[0]++;
            throw new IllegalStateException("no token");
        });
        assertEquals(
                "auth.method M: the Authenticator failed: java.lang.IllegalStateException: no token"
                        + " (tried 10.0.0.1:1883)",
                world.reason());
        world.broker.after(Duration.ofSeconds(20));
        assertEquals(1, calls[0]);
        world.broker.after(Duration.ofSeconds(60));
        assertTrue(calls[0] > 1);
    }

    @Test
    void whatABrokerMustNotSayIsAProtocolError() {
        for (String packet : List.of("AUTH code=24 {21=other}", "AUTH code=24 {22=data}", "AUTH {21=M}", "CONNACK",
                "CONNACK {21=other}")) {
            World world = world("M");
            world.client.authenticator(new Echo());
            world.broker.expects("CONNECT *").sends(packet).expects("DISCONNECT code=130");
        }
        World world = world("M");
        world.client.authenticator(new Echo());
        world.broker.expects("CONNECT *").sends("CONNACK {21=M}").sends("AUTH code=24 {21=M}")
                .expects("DISCONNECT code=130");
        World without = World.five();
        without.broker.expects("CONNECT *").sends("AUTH code=24 {21=M}").expects("DISCONNECT code=130");
        World unasked = World.five();
        unasked.broker.expects("CONNECT *").sends("CONNACK {21=M}").expects("DISCONNECT code=130");
    }

    @Test
    void aRefusalNamesTheMethodThatTheBrokerDoesNotTake() {
        World world = world("M");
        world.client.authenticator(new Echo());
        world.broker.expects("CONNECT *").sends("CONNACK code=140");
        assertEquals("the broker refused: bad authentication method (tried 10.0.0.1:1883)", world.reason());
    }

    @Test
    void theDataIsInNoText() {
        assertFalse(
                new Auth(Auth.CONTINUE, "M", "secret".getBytes(StandardCharsets.UTF_8)).toString().contains("secret"));
    }

    @Test
    void anErrorOfTheAuthenticatorDoesNotBlockItForEver() {
        World world = world("M");
        Echo echo = new Echo();
        boolean[] broken = { true };
        world.client.authenticator(client -> {
            if (broken[0]) {
                broken[0] = false;
                throw new AssertionError("once");
            }
            return echo.begin(client);
        });
        world.broker.after(Duration.ofMinutes(10));
        assertTrue(echo.asked.size() > 0, world.reason());
    }

    @Test
    void aConnectionThatBreaksWhileTheAuthenticatorThinksIsMadeAgainSoon() {
        World world = world("M");
        world.client.authenticator(new Echo());
        world.broker.expects("CONNECT *");
        world.listenersAreStuck(true);
        world.broker.sends("AUTH code=24 {21=M 22=one}").networkBreaks();
        world.takeEvents();
        world.broker.after(Duration.ofSeconds(2));
        world.listenersAreStuck(false); // the call took two seconds
        world.broker.after(Duration.ofSeconds(25)).expects("CONNECT *");
    }

    @Test
    void aSlowListenerDoesNotEndAConnectionThatAuthenticatesAgain() {
        World world = World.five("auth.method", "M", "inbound.max.bytes", 100_000);
        Echo echo = new Echo();
        echo.again = Duration.ofSeconds(5);
        world.client.authenticator(echo);
        world.broker.expects("CONNECT *").sends("CONNACK {21=M}");
        Recorder recorder = new Recorder();
        world.subscribe("in", 1, recorder, true);
        world.broker.expects("SUBSCRIBE *").sends("SUBACK id=1 1");
        world.broker.sends("PUBLISH q1 id=7 in " + "x".repeat(60_000), "PUBLISH q1 id=8 in " + "x".repeat(60_000));
        assertTrue(world.broker.isReadingPaused());
        world.broker.after(Duration.ofSeconds(5)).expects("AUTH code=25 {21=M 22=begin}"); // its answer is not read
        world.broker.after(Duration.ofSeconds(11));
        assertEquals(ConnectionState.ONLINE, world.state(), world.reason());
    }

    @Test
    void aReAuthenticationThatTheBrokerRefusesIsASlowRetry() {
        World world = world("M");
        Echo echo = new Echo();
        echo.again = Duration.ofSeconds(5);
        world.client.authenticator(echo);
        world.broker.expects("CONNECT *").sends("CONNACK {21=M}").after(Duration.ofSeconds(5))
                .expects("AUTH code=25 {21=M 22=begin}").sends("DISCONNECT code=135");
        world.broker.after(Duration.ofSeconds(20)).expectsNothing();
    }

    @Test
    void aReAuthenticationThatIsRefusedIsNoWordAboutAMessage() {
        World world = world("M");
        Echo echo = new Echo();
        echo.again = Duration.ofSeconds(2);
        world.client.authenticator(echo);
        world.broker.expects("CONNECT *").sends("CONNACK {21=M}");
        var end = world.publish("t", "x").delivered();
        world.broker.expects("PUBLISH *");
        for (int i = 0; i < 8; i++) {
            world.broker.after(Duration.ofSeconds(2)).takeAll();
            world.broker.sends("DISCONNECT code=135").awaitsClient().expects("CONNECT *")
                    .sends("CONNACK session-present {21=M}")
                    .takeAll();
        }
        assertFalse(world.isDone(end), () -> "" + world.now(end));
    }

    @Test
    void anAuthIsNotLargerThanTheBrokerTakes() {
        World world = world("M");
        Echo echo = new Echo();
        echo.again = Duration.ofSeconds(5);
        world.client.authenticator(echo);
        world.broker.expects("CONNECT *").sends("CONNACK {21=M 39=50}");
        echo.first = "x".repeat(200);
        world.broker.after(Duration.ofSeconds(5));
        assertEquals(List.of(), world.broker.take("AUTH"));
    }

    @Test
    void anAuthenticatorThatIsGoneIsNotCalled() {
        World world = world("M");
        Echo gone = new Echo();
        gone.again = Duration.ofSeconds(5);
        Echo present = new Echo();
        world.client.authenticator(gone);
        world.broker.expects("CONNECT *").sends("CONNACK {21=M}");
        gone.asked.clear();
        world.client.authenticator(present);
        world.broker.after(Duration.ofSeconds(6));
        assertEquals(List.of(), gone.asked);
        assertEquals(List.of("for test", "begin "), present.asked);
    }

    @Test
    void aClientThatIsStoppedWhileItAuthenticatesSaysGoodbye() {
        World world = World.five("auth.method", "M", "will.topic", "will");
        world.client.authenticator(new Echo());
        world.broker.expects("CONNECT *");
        world.listenersAreStuck(true);
        world.broker.sends("CONNACK {21=M}");
        world.client.stop();
        world.broker.expects("DISCONNECT");
    }
}
