package mqtt.resilient.impl.link;

import java.time.Duration;
import mqtt.resilient.api.Authenticator;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.spi.packet.Auth;
import mqtt.resilient.spi.packet.ProtocolException;

/** Enhanced authentication on one link (MQTT 5 section 4.12), at its beginning and again later. On the loop only. */
final class Authentication {
    private static final long SHORTEST_RENEWAL_SECONDS = 1;
    private static final long LONGEST_RENEWAL_SECONDS = 100L * 365 * 24 * 3600;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private enum Stage {
        /** No exchange goes on. */
        IDLE,
        /** The authenticator is asked. */
        AWAITS_AUTHENTICATOR,
        /** The broker is to answer. */
        AWAITS_BROKER
    }

    private final String method;
    /** Null = there is none any more. */
    private AuthenticatorCalls calls;
    private final Scheduler scheduler;
    private final long responseNanos;
    private final Link link;
    private final Handshake handshake;
    private Stage stage = Stage.IDLE;
    /** Who leads the present exchange. */
    private AuthenticatorCalls asked;
    private Authenticator.Exchange exchange;
    private boolean online;
    private boolean closed;
    /** When the next one begins, or the present one must be over. */
    private Scheduler.Timer timer;

    Authentication(String method, AuthenticatorCalls calls, Scheduler scheduler, long responseNanos,
            Link link, Handshake handshake) {
        this.method = method;
        this.calls = calls;
        this.scheduler = scheduler;
        this.responseNanos = responseNanos;
        this.link = link;
        this.handshake = handshake;
    }

    /** Who is asked from the next exchange on; null = nobody is there. */
    void use(AuthenticatorCalls newCalls) {
        calls = newCalls;
    }

    /** Begins the first one, for the CONNECT. */
    void begin() {
        stage = Stage.AWAITS_AUTHENTICATOR;
        asked = calls;
        asked.begin(begun -> {
            exchange = begun;
            if (!closed) {
                asked.askForData(begun::begin, data -> send(online ? Auth.AGAIN : Auth.SUCCESS, data), this::fail);
            }
        }, this::fail);
    }

    private void send(int code, byte[] data) {
        if (!closed) {
            stage = Stage.AWAITS_BROKER;
            handshake.send(new Auth(code, method, data));
        }
    }

    private void fail(String reason) {
        if (!closed) {
            link.authenticationFailed("auth.method " + method + ": " + reason);
        }
    }

    /** An AUTH has arrived. */
    void auth(Auth auth) throws ProtocolException {
        require(auth);
        if (auth.code() == Auth.CONTINUE) {
            stage = Stage.AWAITS_AUTHENTICATOR;
            asked.askForData(() -> exchange.answer(auth.data()), data -> send(Auth.CONTINUE, data), this::fail);
        } else if (auth.code() == Auth.SUCCESS && online) {
            accept(auth, () -> {});
        } else {
            throw new ProtocolException("an AUTH with reason code " + auth.code()
                    + ", which the broker must not send now");
        }
    }

    /** A CONNACK has arrived that accepts; runs a task when the authenticator has accepted it too. */
    void connack(Auth auth, Runnable then) throws ProtocolException {
        require(auth);
        accept(auth, () -> {
            online = true;
            then.run();
        });
    }

    private void require(Auth auth) throws ProtocolException {
        if (!auth.method().equals(method)) {
            throw new ProtocolException("the authentication method \"" + auth.method() + "\"; auth.method is " + method
                    + " [MQTT-4.12.0-5]");
        }
        if (stage != Stage.AWAITS_BROKER) {
            throw new ProtocolException("an unexpected AUTH [MQTT 5 section 4.12]");
        }
    }

    private void accept(Auth auth, Runnable then) {
        stage = Stage.AWAITS_AUTHENTICATOR;
        asked.ask(() -> exchange.accepted(auth.data()), again -> {
            if (!closed) {
                stage = Stage.IDLE;
                exchange = null;
                renewAfter(again);
                then.run();
            }
        }, this::fail);
    }

    private void renewAfter(Duration again) {
        Scheduler.cancel(timer);
        if (!again.isZero() && !again.isNegative()) {
            long seconds = Math.max(SHORTEST_RENEWAL_SECONDS, Math.min(again.toSeconds(), LONGEST_RENEWAL_SECONDS));
            timer = scheduler.at(scheduler.nanoTime() + seconds * NANOS_PER_SECOND, this::renew);
        }
    }

    private void renew() {
        if (calls == null) { // its bundle may be updated just now; the broker decides how long that may take
            timer = scheduler.at(scheduler.nanoTime() + responseNanos, this::renew);
        } else {
            awaitEnd();
            begin();
        }
    }

    private void awaitEnd() {
        timer = scheduler.at(scheduler.nanoTime() + responseNanos, () -> {
            if (link.isReading()) {
                fail("the re-authentication was not over within response.seconds");
            } else {
                awaitEnd();
            }
        });
    }

    /** Whether an exchange goes on. */
    boolean isUnderWay() {
        return stage != Stage.IDLE;
    }

    /** Whether the authenticator is asked now. */
    boolean awaitsAuthenticator() {
        return stage == Stage.AWAITS_AUTHENTICATOR;
    }

    /** The connection is over. */
    void close() {
        closed = true;
        Scheduler.cancel(timer);
    }
}
