package mqtt.resilient.impl.link;

import java.net.InetAddress;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.spi.NetworkState;

/**
 * What the operating system or Kura says of the network. It is advice: it holds attempts back for a while, or lets a
 * name that is not known be asked for again soon; and where attempts fail again and again, the network may be taken
 * down and up. On the loop only.
 */
final class NetworkAdvice {
    private static final long SECOND = 1_000_000_000L;
    /** A name that is not known right after the network came up is asked for again so often, for so long. */
    private static final long FRESH_NETWORK_NANOS = 30 * SECOND;
    private static final long FRESH_RETRY_NANOS = SECOND;

    private final Network network;
    private final Scheduler scheduler;
    private NetworkState state = NetworkState.UNKNOWN;
    private long since;
    private Runnable bounce = () -> {};
    private int failuresSinceBounce;

    NetworkAdvice(Network network, Scheduler scheduler) {
        this.network = network;
        this.scheduler = scheduler;
    }

    NetworkState state() {
        return state;
    }

    void changed(NetworkState newState, long now) {
        state = newState;
        since = now;
    }

    /** Who can take the network down and up from now on; must return at once and not throw. */
    void bouncer(Runnable newBounce) {
        bounce = newBounce;
    }

    /** Whether an attempt at a broker is held back, and until when; 0 = it is not. */
    long heldUntil(BrokerUri broker, LinkSettings settings) {
        if (state != NetworkState.DOWN) {
            return 0;
        }
        long until = since + settings.network().distrustNanos();
        return scheduler.nanoTime() - until >= 0 || isNear(settings.tcpHost(broker)) ? 0 : until;
    }

    private boolean isNear(String host) {
        if (host.equals("localhost")) {
            return true;
        }
        InetAddress address = network.literal(host);
        return address != null && (address.isLoopbackAddress() || network.isOnLink(address));
    }

    /** The wait after a failed attempt: shorter if the name is not known just after the network came up. */
    long shortened(long wait, Ending.Cause cause, long now) {
        boolean fresh = state == NetworkState.UP && now - since < FRESH_NETWORK_NANOS;
        return cause == Ending.Cause.UNRESOLVED && fresh ? Math.min(wait, FRESH_RETRY_NANOS) : wait;
    }

    /** A broker has accepted. */
    void accepted() {
        failuresSinceBounce = 0;
    }

    /** An attempt has failed: the network is bounced after so many as are configured. */
    void attemptFailed(LinkSettings settings) {
        failuresSinceBounce++;
        if (settings.network().bounceAfter() > 0 && failuresSinceBounce >= settings.network().bounceAfter()) {
            failuresSinceBounce = 0;
            bounce.run();
        }
    }
}
