package mqtt.resilient.kura.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.kura.HostileFailure;
import mqtt.resilient.kura.StandInClient;
import org.eclipse.kura.KuraConnectException;
import org.eclipse.kura.KuraErrorCode;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.KuraNotConnectedException;
import org.eclipse.kura.KuraTimeoutException;
import org.eclipse.kura.KuraTooManyInflightMessagesException;
import org.eclipse.kura.crypto.CryptoService;
import org.eclipse.kura.data.DataTransportToken;
import org.eclipse.kura.data.transport.listener.DataTransportListener;
import org.eclipse.kura.ssl.SslManagerService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a DataService asks of its transport, and hears of it. */
@Timeout(180)
class DataTransportTest {
    private final StandInClient client = new StandInClient();
    private final DataTransport transport = new DataTransport();
    private final Map<String, Object> properties = new HashMap<>(Map.of("kura.service.pid", "transport/1",
            "broker-url", "mqtt://broker:1883/", "client-id", "gate.way", "topic.context.account-name", "acme",
            "username", "me", "password", "secret", "timeout", 1));
    private final Recorder recorder = new Recorder();
    private final ExecutorService other = Executors.newCachedThreadPool();

    /** Writes down what it hears, and on which thread. */
    private final class Recorder implements DataTransportListener {
        private final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
        private volatile Runnable whenEstablished = () -> {};
        private volatile Runnable whenArrived = () -> {};
        private volatile Runnable whenConfirmed = () -> {};

        private void hear(String what) {
            boolean caller = !Thread.currentThread().getName().equals("mqtt-kura-transport");
            heard.add(what + (caller ? " on the caller's thread" : ""));
        }

        private String next() throws InterruptedException {
            return heard.poll(60, TimeUnit.SECONDS);
        }

        @Override
        public void onConnectionEstablished(boolean newSession) {
            hear("established " + newSession);
            whenEstablished.run();
        }

        @Override
        public void onDisconnecting() {
            hear("disconnecting " + transport.isConnected());
        }

        @Override
        public void onDisconnected() {
            hear("disconnected " + transport.isConnected());
        }

        @Override
        public void onConfigurationUpdating(boolean wasConnected) {
            hear("updating " + wasConnected);
        }

        @Override
        public void onConfigurationUpdated(boolean wasConnected) {
            hear("updated " + wasConnected);
        }

        @Override
        public void onConnectionLost(Throwable cause) {
            hear("lost " + cause.getMessage());
        }

        @Override
        public void onMessageArrived(String topic, byte[] payload, int qos, boolean retained) {
            hear("arrived " + topic + " " + new String(payload) + " " + qos + " " + retained);
            whenArrived.run();
        }

        @Override
        public void onMessageConfirmed(DataTransportToken token) {
            whenConfirmed.run();
            hear("confirmed " + token.getMessageId());
        }
    }

    @BeforeEach
    void start() {
        transport.factory = client;
        transport.addDataTransportListener(recorder);
    }

    @AfterEach
    void stop() {
        other.shutdownNow();
    }

    private void connect() throws Exception {
        transport.activate(properties);
        transport.connect();
        assertEquals("established true on the caller's thread", recorder.next());
    }

    private int publish(int qos) throws KuraException {
        return transport.publish("a", new byte[1], qos, false).getMessageId();
    }

    /** A reason is in the message, or in that of the cause where Kura has a text of its own. */
    private static void reads(String reason, Exception e) {
        assertTrue(e.getMessage().contains(reason) || e.getCause().getMessage().contains(reason),
                e.getMessage() + " because of " + e.getCause());
    }

    // ---- the connection ----

    @Test
    void itConnectsWhenItIsAskedToAndTellsOnTheThreadThatAsked() throws Exception {
        transport.activate(properties);
        assertFalse(transport.isConnected());
        assertEquals(List.of("make transport-1", "disconnect"), client.calls);
        transport.connect();
        assertTrue(transport.isConnected());
        assertEquals("established true on the caller's thread", recorder.next());
        transport.connect(); // changes nothing
        transport.disconnect(0);
        assertEquals("disconnecting true on the caller's thread", recorder.next());
        assertEquals("disconnected false on the caller's thread", recorder.next());
        transport.disconnect(0);
        assertEquals(0, recorder.heard.size());
        assertFalse(client.calls.contains("drain 0"));
    }

    @Test
    void theFailureOfAListenerCannotForgeALineOfTheLog() throws Throwable {
        recorder.whenEstablished = () -> {
            throw new HostileFailure();
        };
        HostileFailure.assertLoggedHarmless(this::connect);
    }

    @Test
    void disconnectWaitsForWhatIsOnItsWayAsLongAsItIsAllowedTo() throws Exception {
        connect();
        transport.disconnect(250);
        assertTrue(client.calls.contains("drain 250"));
    }

    @Test
    void aConnectThatFailsLeavesTheClientAtRest() throws Exception {
        client.reachable = false;
        transport.activate(properties);
        String reason = assertThrows(KuraConnectException.class, transport::connect).getMessage();
        assertTrue(reason.contains("no answer"), reason);
        assertEquals("disconnect", client.calls.get(client.calls.size() - 1));
        client.up(); // too late
        assertFalse(transport.isConnected());
        assertEquals(0, recorder.heard.size());
    }

    @Test
    void aRefusalEndsTheWaitingAtOnce() {
        client.reachable = false;
        client.refusal = 5;
        properties.put("timeout", 600);
        transport.activate(properties);
        String reason = assertThrows(KuraConnectException.class, transport::connect).getMessage();
        assertTrue(reason.contains("refused"), reason);
    }

    @Test
    void afterALossTheEngineComesBackByItselfAndItIsTheSameSession() throws Exception {
        connect();
        client.down();
        assertEquals("lost the cable is out", recorder.next());
        assertFalse(transport.isConnected());
        client.up();
        assertEquals("established false", recorder.next());
        assertTrue(transport.isConnected());
    }

    @Test
    void aConnectDuringAnOutageThatGivesUpLetsTheEngineGoOn() throws Exception {
        connect();
        client.down();
        recorder.next();
        assertThrows(KuraConnectException.class, transport::connect);
        assertEquals("connect", client.calls.get(client.calls.size() - 1));
        client.up();
        assertEquals("established false", recorder.next());
    }

    @Test
    void aConnectDuringAnOutageIsToldOnItsOwnThread() throws Exception {
        connect();
        client.down();
        recorder.next();
        Future<?> connected = other.submit(() -> {
            transport.connect();
            return null;
        });
        while (client.calls.stream().filter("connect"::equals).count() < 2) {
            Thread.onSpinWait();
        }
        client.up();
        connected.get();
        assertEquals("established false on the caller's thread", recorder.next());
    }

    @Test
    void disconnectEndsAConnectThatWaits() throws Exception {
        client.reachable = false;
        properties.put("timeout", 600);
        transport.activate(properties);
        Future<?> connecting = other.submit(() -> assertThrows(KuraConnectException.class, transport::connect));
        while (!client.calls.contains("connect")) {
            Thread.onSpinWait();
        }
        transport.disconnect(0);
        connecting.get();
        assertEquals(0, recorder.heard.size());
    }

    @Test
    void nothingIsToldOfAConnectionBeforeItsListenersKnowOfIt() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        recorder.whenEstablished = () -> {
            try {
                transport.subscribe("in/1", 1); // allowed already
                transport.publish("a", null, 0, false);
                go.await();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        };
        transport.activate(properties);
        Future<?> connecting = other.submit(() -> {
            transport.connect();
            return null;
        });
        assertEquals("established true on the caller's thread", recorder.next());
        while (client.sent.isEmpty()) {
            Thread.onSpinWait();
        }
        Future<?> arriving = other.submit(() -> {
            client.deliver("in/1", "x");
            return null;
        });
        Future<Integer> publishing = other.submit(() -> publish(1));
        assertNull(recorder.heard.poll(100, TimeUnit.MILLISECONDS));
        assertEquals(1, client.sent.size());
        go.countDown();
        connecting.get();
        arriving.get();
        publishing.get();
        assertEquals("arrived in/1 x 1 false", recorder.next());
        assertEquals(2, client.sent.size());
    }

    // ---- publishing ----

    @Test
    void aMessageCarriesWhatItIsGivenAndVariablesOfItsTopicAreReplaced() throws Exception {
        connect();
        DataTransportToken token = transport.publish("$EDC/#account-name/#client-id/a", "x".getBytes(), 2, true);
        assertEquals("gate-way-mqtt://broker:1883/", token.getSessionId());
        var message = client.sent.get(0).message;
        assertEquals("$EDC/acme/gate-way/a", message.topic());
        assertEquals(Qos.EXACTLY_ONCE, message.qos());
        assertTrue(message.retain());
        assertEquals("x", new String(message.payload()));
    }

    @Test
    void aMessageIsConfirmedWithItsTokenAndQosZeroHasNone() throws Exception {
        connect();
        assertNull(transport.publish("a", null, 0, false));
        int first = publish(1);
        int second = publish(2);
        assertNotEquals(first, second);
        transport.isConnected();
        client.sent.get(0).end(Outcome.Kind.DELIVERED);
        client.sent.get(2).end(Outcome.Kind.DELIVERED);
        client.sent.get(1).end(Outcome.Kind.DELIVERED);
        assertEquals("confirmed " + second, recorder.next());
        assertEquals("confirmed " + first, recorder.next());
    }

    @Test
    void aMessageThatTheBrokerRefusesForGoodDoesNotKeepItsPlace() throws Exception {
        connect();
        int token = publish(1);
        transport.isConnected();
        client.sent.get(0).end(Outcome.Kind.REFUSED);
        assertEquals("confirmed " + token, recorder.next());
    }

    @Test
    void whatIsUnconfirmedWhenTheEngineStopsIsNotConfirmed() throws Exception {
        connect();
        publish(1);
        transport.isConnected();
        client.sent.get(0).end(Outcome.Kind.CLOSED);
        client.down();
        assertEquals("lost the cable is out", recorder.next());
    }

    @Test
    void moreThanTheLimitIsRefusedUntilOneIsConfirmed() throws Exception {
        properties.put("in-flight.max", 2);
        connect();
        int first = publish(1);
        publish(2);
        reads("in-flight.max", assertThrows(KuraTooManyInflightMessagesException.class, () -> publish(1)));
        transport.publish("a", null, 0, false); // does not count
        client.sent.get(0).end(Outcome.Kind.DELIVERED);
        assertEquals("confirmed " + first, recorder.next());
        publish(1);
    }

    @Test
    void whoeverHearsOfAConfirmationCanPublishTheNextMessageAtOnce() throws Exception {
        properties.put("in-flight.max", 1);
        connect();
        int first = publish(1);
        recorder.whenConfirmed = () -> {
            try {
                publish(1);
            } catch (KuraException e) {
                throw new IllegalStateException(e);
            }
        };
        transport.isConnected();
        client.sent.get(0).end(Outcome.Kind.DELIVERED);
        assertEquals("confirmed " + first, recorder.next());
        assertEquals(2, client.sent.size());
    }

    @Test
    void whatTheEngineRefusesIsOneOfKurasExceptions() throws Exception {
        properties.put("in-flight.max", 1);
        connect();
        client.rejects = RejectedException.Reason.OFFLINE;
        assertThrows(KuraNotConnectedException.class, () -> transport.publish("a", null, 0, false));
        client.rejects = RejectedException.Reason.FULL;
        assertThrows(KuraTooManyInflightMessagesException.class, () -> publish(1));
        client.rejects = RejectedException.Reason.TOO_LARGE;
        assertEquals(KuraErrorCode.INVALID_PARAMETER, assertThrows(KuraException.class, () -> publish(1)).getCode());
        client.rejects = null;
        publish(1); // no place was taken
        assertEquals(KuraErrorCode.INVALID_PARAMETER,
                assertThrows(KuraException.class, () -> transport.publish("a/+", null, 0, false)).getCode());
        assertEquals(KuraErrorCode.INVALID_PARAMETER,
                assertThrows(KuraException.class, () -> transport.publish("a", null, 3, false)).getCode());
    }

    @Test
    void withoutAConnectionEverythingIsRefused() {
        transport.activate(properties);
        reads("transport-1: ", assertThrows(KuraNotConnectedException.class, () -> publish(1)));
        assertThrows(KuraNotConnectedException.class, () -> transport.subscribe("a", 0));
        assertThrows(KuraNotConnectedException.class, () -> transport.unsubscribe("a"));
    }

    // ---- receiving ----

    @Test
    void aMessageArrivesOnceHoweverManyFiltersTakeIt() throws Exception {
        connect();
        transport.subscribe("#account-name/#", 2);
        transport.subscribe("acme/1", 0);
        transport.subscribe("acme/1", 0); // asks the broker again
        assertEquals(2, client.subscriptions.size());
        assertEquals(3, client.calls.stream().filter(call -> call.startsWith("subscribe")).count());
        client.deliver("acme/1", "x");
        assertEquals("arrived acme/1 x 2 false", recorder.next());
        transport.unsubscribe("#account-name/#");
        client.deliver("acme/1", "y");
        assertEquals("arrived acme/1 y 0 false", recorder.next());
        assertEquals(0, recorder.heard.size());
    }

    @Test
    void aMessageIsDoneOnlyWhenTheListenersAre() throws Exception {
        connect();
        transport.subscribe("a/1", 1);
        CountDownLatch go = new CountDownLatch(1);
        recorder.whenArrived = () -> {
            try {
                go.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        Future<?> delivery = other.submit(() -> {
            client.deliver("a/1", "x");
            return null;
        });
        recorder.next();
        assertFalse(delivery.isDone());
        go.countDown();
        delivery.get();
    }

    @Test
    void aSubscriptionThatIsRefusedOrNotAnsweredIsNotKept() throws Exception {
        connect();
        client.grants = new Subscription.Grant(128, "no", List.of());
        KuraException refused = assertThrows(KuraException.class, () -> transport.subscribe("a", 1));
        assertEquals(KuraErrorCode.SUBSCRIPTION_ERROR, refused.getCode());
        reads("a: the broker refuses it with code 128 no", refused);
        client.grants = Subscription.Grant.PENDING;
        reads("no answer to the subscription to a",
                assertThrows(KuraTimeoutException.class, () -> transport.subscribe("a", 1)));
        assertEquals(List.of(), client.subscriptions);
        assertEquals(KuraErrorCode.INVALID_PARAMETER,
                assertThrows(KuraException.class, () -> transport.subscribe("a#", 1)).getCode());
    }

    // ---- configuration ----

    @Test
    void aNewConfigurationIsToldBeforeAndAfter() throws Exception {
        connect();
        properties.put("keep-alive", 77);
        transport.modified(properties);
        assertEquals("updating true on the caller's thread", recorder.next());
        assertEquals("updated true on the caller's thread", recorder.next());
        assertEquals(77, client.configurations.get(1).get("keepalive.seconds"));
        transport.modified(new HashMap<>(properties)); // the same
        assertEquals(0, recorder.heard.size());
        assertEquals(2, client.configurations.size());
    }

    @Test
    void aConfigurationThatIsNotUsableDisturbsNothing() throws Exception {
        connect();
        properties.put("clean-session", "perhaps");
        transport.modified(properties);
        assertEquals(List.of("clean-session: \"perhaps\" is not allowed; allowed: true or false"), client.refusals);
        assertEquals(0, recorder.heard.size());
        assertTrue(transport.isConnected());
    }

    @Test
    void aFirstConfigurationThatIsNotUsableIsToldToWhoeverConnects() {
        properties.put("protocol-version", "x");
        transport.activate(properties);
        String reason = assertThrows(KuraConnectException.class, transport::connect).getMessage();
        assertTrue(reason.contains("protocol-version") && reason.contains("\"x\""), reason);
        assertEquals("", transport.getClientId());
    }

    @Test
    void aPasswordIsDecryptedOrTakenAsItIsAndThePlaceholderKeepsIt() {
        transport.setCryptoService(crypto());
        properties.put("password", "*hidden");
        transport.activate(properties);
        assertEquals("hidden", client.configurations.get(0).get(".password"));
        properties.put("password", "Placeholder");
        properties.put("keep-alive", 31);
        transport.modified(properties);
        assertEquals("hidden", client.configurations.get(1).get(".password"));
        properties.put("password", new String[] { "clear" });
        transport.modified(properties);
        assertEquals("clear", client.configurations.get(2).get(".password"));
        properties.put("password", "other");
        properties.put("protocol-version", "x");
        transport.modified(properties);
        assertEquals(3, client.configurations.size());
    }

    @Test
    void anEncryptedPasswordIsNotSentToTheBrokerBecauseNobodyCouldDecryptIt() {
        properties.put("password", "AAAAAAAAAAAAAAAA-AAAAAAAAAAAAAAAAAAAAAAAA");
        transport.activate(properties);
        assertEquals(0, client.configurations.size());
        String reason = assertThrows(KuraConnectException.class, transport::connect).getMessage();
        assertTrue(reason.contains("password") && reason.contains("CryptoService"), reason);
        transport.setCryptoService(crypto());
        assertEquals("opened", client.configurations.get(0).get(".password"));
    }

    private static CryptoService crypto() {
        return new CryptoService() {
            @Override
            public char[] encryptAes(char[] value) {
                throw new UnsupportedOperationException();
            }

            @Override
            public char[] decryptAes(char[] value) throws KuraException {
                if (value[0] == 'A') {
                    return "opened".toCharArray();
                } else if (value[0] != '*') {
                    throw new KuraException(KuraErrorCode.DECODER_ERROR);
                }
                return new String(value, 1, value.length - 1).toCharArray();
            }
        };
    }

    @Test
    void withoutAnSslManagerThereIsNoTrustButThatOfTheOneThatComes() throws Exception {
        transport.activate(properties);
        assertTrue(assertThrows(IOException.class, client.tlsMaterial::current).getMessage()
                .startsWith("SslManagerService.target: "));
        transport.ssl = (SslManagerService) Proxy.newProxyInstance(getClass().getClassLoader(),
                new Class<?>[] { SslManagerService.class }, (proxy, method, arguments) -> SSLContext.getDefault());
        assertSame(SSLContext.getDefault(), client.tlsMaterial.current());
    }

    @Test
    void itTellsWhatItWasConfiguredWith() {
        transport.activate(properties);
        assertEquals("mqtt://broker:1883/", transport.getBrokerUrl());
        assertEquals("acme", transport.getAccountName());
        assertEquals("me", transport.getUsername());
        assertEquals("gate-way", transport.getClientId());
    }

    @Test
    void itsEndDisconnectsAndNobodyWaitsForItAnyMore() throws Exception {
        connect();
        transport.deactivate();
        assertEquals("disconnecting true on the caller's thread", recorder.next());
        assertEquals("disconnected false on the caller's thread", recorder.next());
        assertTrue(client.calls.contains("dispose"));
        client.state(ConnectionState.OFFLINE, "stopped", 0);
    }
}
