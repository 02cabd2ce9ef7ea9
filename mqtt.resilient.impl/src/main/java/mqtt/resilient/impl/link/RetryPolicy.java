package mqtt.resilient.impl.link;

import mqtt.resilient.spi.NetworkState;
import mqtt.resilient.spi.OutsideText;
import mqtt.resilient.spi.ProtocolVersion;

/** What a failure means: how long to wait, and at which broker and in which version to try again. On the loop only. */
final class RetryPolicy {
    /** What is shown of a name that a broker gives. */
    private static final int MOST_CHARACTERS = 256;
    /** A broker that ends a connection so soon is not asked first again, even if {@code stable.seconds} is less. */
    private static final long AT_ONCE_NANOS = 5_000_000_000L;

    private final BrokerList brokers;
    private final Protocols protocols;
    private final SessionOwner owner;
    private final NetworkAdvice advice;

    RetryPolicy(BrokerList brokers, Protocols protocols, SessionOwner owner, NetworkAdvice advice) {
        this.brokers = brokers;
        this.protocols = protocols;
        this.owner = owner;
        this.advice = advice;
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

    /**
     * A connection has ended by itself: another broker comes next if this one was silent, or ends each connection.
     *
     * @param impasse why the broker ends each connection, as far as that is known; empty = nothing is
     * @param tried whether it ended because something was tried alone of which that was to be expected
     */
    Retry connectionLost(Ending ending, String impasse, boolean tried, LinkSettings settings, long onlineNanos,
            long now) {
        LinkSettings.Timing timing = settings.timing();
        if (onlineNanos >= timing.stableNanos()) {
            brokers.stable();
        }
        String reason = reason(ending);
        if (isRedirected(ending)) {
            return new Retry(brokers.lost(timing, false, now), reason, false);
        }
        int takeovers = owner.connectionLost(ending.cause(), onlineNanos);
        if (takeovers > 0) {
            reason += ", at once and " + takeovers
                    + " times in a row: probably another client uses the client identifier " + owner.clientId(settings);
        }
        if (tried) {
            return new Retry(brokers.soon(timing), reason + "; the broker closed it for what is being tried alone",
                    false);
        }
        boolean permanent = ending.isPermanent() || takeovers > 0;
        return new Retry(waitAfter(ending, permanent, timing, onlineNanos, now),
                impasse.isEmpty() ? reason : reason + "; " + impasse, permanent);
    }

    /** How long until the next attempt, at the same broker or another one. */
    private long waitAfter(Ending ending, boolean permanent, LinkSettings.Timing timing, long onlineNanos, long now) {
        boolean silent = ending.cause() == Ending.Cause.TIMEOUT && advice.state() != NetworkState.DOWN;
        boolean early = onlineNanos < Math.max(timing.stableNanos(), AT_ONCE_NANOS);
        boolean elsewhere = brokers.size() > 1 && early && (permanent || ending.cause() == Ending.Cause.PROTOCOL);
        return silent ? brokers.failed(timing, false, true, now)
                : elsewhere ? permanent ? brokers.failed(timing, true, false, now) : brokers.lost(timing, true, now)
                        : permanent || !ending.isByBroker() ? brokers.again(timing, permanent)
                                : brokers.lost(timing, early && ending.cause() == Ending.Cause.CLOSED, now);
    }

    /** An attempt in a version has failed. */
    Retry attemptFailed(Ending ending, LinkSettings settings, ProtocolVersion version, long now) {
        boolean continued = owner.continues(owner.key(settings, brokers.current(), version));
        boolean fallsBack = protocols.failed(version, settings.version().protocol(), brokers.speaker(), continued,
                ending.cause(), now);
        owner.attemptFailed(ending, fallsBack);
        String reason = reason(ending);
        if (isRedirected(ending) || fallsBack) {
            return new Retry(0, reason, false);
        }
        boolean connected = ending.cause() != Ending.Cause.UNREACHABLE && ending.cause() != Ending.Cause.UNRESOLVED;
        long wait = brokers.failed(settings.timing(), ending.isPermanent(), connected, now);
        advice.attemptFailed(settings);
        return new Retry(advice.shortened(wait, ending.cause(), now), reason, ending.isPermanent());
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
