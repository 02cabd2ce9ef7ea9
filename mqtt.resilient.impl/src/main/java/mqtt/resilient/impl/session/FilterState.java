package mqtt.resilient.impl.session;

import java.util.List;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.spi.packet.Subscribe;

/** One filter of {@link Subscriptions}: what is wanted, what the broker holds, and how far asking for it is. */
final class FilterState {
    static final int NOT_WANTED = -1;
    private static final long FIRST_REFUSAL_NANOS = 300_000_000_000L;
    private static final long LONGEST_REFUSAL_NANOS = 24 * 3_600_000_000_000L;
    private static final int MAX_DOUBLINGS = 10;

    /** What the broker holds of a filter. */
    enum Held {
        NOTHING, PERHAPS, GRANTED, REFUSED
    }

    /** How far the SUBSCRIBE or UNSUBSCRIBE of a filter is on the present connection. */
    enum Asking {
        NOT, QUEUED, PENDING,
        /** As {@link #PENDING}, and the filter is to be asked for anew after the answer. */
        PENDING_AND_AGAIN;

        boolean isPending() {
            return this == PENDING || this == PENDING_AND_AGAIN;
        }
    }

    /** Initializes the enums. */
    static void prepare() {
        Held.values();
        Asking.values();
    }

    final String filter;
    int wanted = NOT_WANTED;
    /** They are sent along with it. */
    List<UserProperty> userProperties = List.of();
    /** The options of the latest SUBSCRIBE ({@link Subscribe.Request#options()}). */
    int requested;
    Held held = Held.NOTHING;
    /** Whether the broker may have held it before the latest SUBSCRIBE: a refusal does not end that. */
    boolean heldBefore;
    /** The level that is written down; {@link #NOT_WANTED} = none is. */
    int noted = NOT_WANTED;
    Asking asking = Asking.NOT;
    /** It is refused until then, because the broker closed connections for it; {@link Scheduler#NEVER} = it is not. */
    long refusedUntil = Scheduler.NEVER;
    /** How often the broker closed connections for it. */
    private int verdicts;

    FilterState(String filter) {
        this.filter = filter;
    }

    /** A refusal says nothing about what the broker held before. */
    void forgetRefusal() {
        if (held == Held.REFUSED && !isGuilty()) {
            held = heldBefore ? Held.PERHAPS : Held.NOTHING;
        }
    }

    /** The broker closed connections for it: it is refused for a time, longer with each verdict. */
    void refuse(long now) {
        refusedUntil = now + Math.min(LONGEST_REFUSAL_NANOS, FIRST_REFUSAL_NANOS << Math.min(verdicts, MAX_DOUBLINGS));
        verdicts++;
    }

    /** Whether the broker closed connections for it. */
    boolean isGuilty() {
        return refusedUntil != Scheduler.NEVER;
    }

    /** Whether an UNSUBSCRIBE waits for its answer. */
    boolean isBeingRemoved() {
        return asking.isPending() && requested == NOT_WANTED;
    }

    /** It is wanted anew: what is pending does not count. */
    void askAgain() {
        asking = asking.isPending() ? Asking.PENDING_AND_AGAIN : asking;
    }

    boolean isSettled() {
        return switch (held) {
            case NOTHING -> wanted == NOT_WANTED;
            case PERHAPS -> false;
            case GRANTED, REFUSED -> wanted == requested;
        };
    }
}
