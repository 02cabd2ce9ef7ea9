package mqtt.resilient.impl.link;

import java.util.List;

/**
 * Which broker is the next one: the list in its order, how far the present round through it has come, and where a
 * broker has sent us (Server Reference). On the loop only.
 */
final class BrokerList {
    /** So often may brokers send us on before one of them keeps us for {@code stable.seconds}. */
    private static final int MOST_REDIRECTS = 5;

    private List<BrokerUri> uris = List.of();
    private int index;
    /** The broker to which one of the list has sent us; null = none. */
    private BrokerUri redirect;
    private int redirects;
    /** Attempts since the last connection. */
    private int attempts;
    /** One of the list has refused for good since all of them were tried. */
    private boolean refused;
    /** Attempts that failed after a network connection was made: the next attempt begins with another address. */
    private int silentAddresses;

    void configure(List<BrokerUri> newUris) {
        uris = newUris;
        index %= uris.size();
    }

    /** The broker that it is about. */
    BrokerUri current() {
        return redirect != null ? redirect : uris.get(index);
    }

    BrokerUri first() {
        return uris.get(0);
    }

    boolean isFirst() {
        return index == 0;
    }

    /** Goes back to the first one. */
    void toFirst() {
        index = 0;
        redirect = null;
    }

    /** Forgets where a broker has sent us. */
    void forgetRedirect() {
        redirect = null;
    }

    /** Goes on to the next one, because there is no way to this one now. */
    void skip() {
        index = (index + 1) % uris.size();
        redirect = null;
    }

    int size() {
        return uris.size();
    }

    int attempts() {
        return attempts;
    }

    int silentAddresses() {
        return silentAddresses;
    }

    void attemptBegins() {
        attempts++;
    }

    /** The current one has accepted. */
    void accepted() {
        attempts = 0;
        refused = false;
        silentAddresses = 0;
    }

    /** The current one has kept us for {@code stable.seconds}. */
    void stable() {
        redirects = 0;
    }

    /** The current one sends us to another one; returns whether we go there. */
    boolean redirect(String serverReference) {
        redirect = redirects < MOST_REDIRECTS ? parse(current(), serverReference) : null;
        redirects = redirect == null ? 0 : redirects + 1;
        return redirect != null;
    }

    /** The first server of a Server Reference (MQTT 5 section 4.11), in the scheme of who named it; null = none. */
    private static BrokerUri parse(BrokerUri from, String reference) {
        try {
            return BrokerUri.parse(from.scheme() + "://" + reference.strip().split(" ")[0] + from.path());
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /**
     * An attempt at the current one has failed: goes on to the next one, or from where it sent us back to the list.
     *
     * @param permanent whether somebody must remove the cause
     * @return whether this was the end of a round in which one refused for good
     */
    boolean failed(Ending.Cause cause, boolean permanent) {
        if (redirect == null) {
            index = (index + 1) % uris.size();
        }
        redirect = null;
        if (cause != Ending.Cause.UNREACHABLE && cause != Ending.Cause.UNRESOLVED) {
            silentAddresses++;
        }
        refused |= permanent;
        boolean refusedRound = refused && attempts % uris.size() == 0;
        refused &= !refusedRound;
        return refusedRound;
    }
}
