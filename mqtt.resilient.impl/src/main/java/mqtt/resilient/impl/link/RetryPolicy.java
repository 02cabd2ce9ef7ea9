package mqtt.resilient.impl.link;

import java.util.random.RandomGenerator;
import mqtt.resilient.impl.environment.OutsideText;
import mqtt.resilient.spi.ProtocolVersion;

/** What a failure means: how long to wait, and at which broker and in which version to try again. On the loop only. */
final class RetryPolicy {
    /** What is shown of a name that a broker gives. */
    private static final int MOST_CHARACTERS = 256;

    private final BrokerList brokers;
    private final Protocols protocols;
    private final SessionOwner owner;
    private final NetworkAdvice advice;
    private final Backoff backoff;

    RetryPolicy(BrokerList brokers, Protocols protocols, SessionOwner owner, NetworkAdvice advice,
            RandomGenerator random) {
        this.brokers = brokers;
        this.protocols = protocols;
        this.owner = owner;
        this.advice = advice;
        backoff = new Backoff(random);
    }

    /**
     * When to try again.
     *
     * @param waitNanos how long to wait
     * @param reason why it is necessary, in words
     * @param permanent whether somebody must remove the cause
     */
    record Retry(long waitNanos, String reason, boolean permanent) {
    }

    /** The back-off begins anew: something has changed. */
    void reset() {
        backoff.reset();
    }

    /** A connection has ended by itself. */
    Retry connectionLost(Ending ending, LinkSettings settings, long onlineNanos) {
        if (onlineNanos >= settings.timing().stableNanos()) {
            backoff.reset();
            brokers.stable();
        }
        String reason = reason(ending);
        if (isRedirected(ending)) {
            return new Retry(0, reason, false);
        }
        int takeovers = owner.connectionLost(ending.cause(), onlineNanos);
        if (takeovers > 0) {
            reason += ", at once and " + takeovers
                    + " times in a row: probably another client uses the client identifier " + owner.clientId(settings);
        }
        boolean permanent = ending.isPermanent() || takeovers > 0;
        return new Retry(backoff.next(settings.timing(), permanent), reason, permanent);
    }

    /** An attempt in a version has failed. */
    Retry attemptFailed(Ending ending, LinkSettings settings, ProtocolVersion version, long now) {
        boolean continued = owner.continues(owner.key(settings, brokers.current(), version));
        boolean fallsBack = protocols.failed(version, settings.version().protocol(), brokers.current(), continued,
                ending.cause(), now);
        owner.attemptFailed(ending, fallsBack);
        String reason = reason(ending);
        if (isRedirected(ending) || fallsBack) {
            return new Retry(0, reason, false);
        }
        boolean refusedRound = brokers.failed(ending.cause(), ending.isPermanent());
        advice.attemptFailed(settings);
        long wait = backoff.next(settings.timing(), refusedRound);
        return new Retry(refusedRound ? wait : advice.shortened(wait, ending.cause(), now), reason,
                ending.isPermanent());
    }

    private boolean isRedirected(Ending ending) {
        return ending.cause() == Ending.Cause.REDIRECTED && brokers.redirect(ending.serverReference());
    }

    private static String reason(Ending ending) {
        if (ending.cause() != Ending.Cause.REDIRECTED) {
            return ending.reason();
        }
        String named = ending.serverReference();
        return ending.reason() + ": " + (named.isEmpty() ? "no server reference"
                : OutsideText.oneLine(named.substring(0, Math.min(named.length(), MOST_CHARACTERS))));
    }
}
