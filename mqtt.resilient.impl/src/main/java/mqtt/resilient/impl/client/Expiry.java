package mqtt.resilient.impl.client;

import java.util.function.Consumer;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.AtMostOnceQueue;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.Session;
import mqtt.resilient.impl.session.Settling;
import mqtt.resilient.impl.session.StoredState;
import mqtt.resilient.spi.packet.Reason;

/**
 * Settles messages that were never sent and are too old: by their own expiry, or by the bounds of age. On the loop
 * only.
 */
final class Expiry {
    private static final long SWEEP_NANOS = 1_000_000_000L;
    private static final Reason TOO_OLD = new Reason(0, "older than store.max.age.seconds or store.lanes allow");

    private final Scheduler scheduler;
    private final Intake intake;
    private final Settling settling;
    private Session session;
    private MessageStore store;
    private Scheduler.Timer sweep;
    /** Whether there has been a message that expires. */
    private boolean used;

    /** Looks at what was admitted; {@link #session} and {@link #use} complete it. */
    Expiry(Scheduler scheduler, Intake intake, Settling settling) {
        this.scheduler = scheduler;
        this.intake = intake;
        this.settling = settling;
    }

    void session(Session newSession) {
        session = newSession;
    }

    void use(MessageStore newStore) {
        store = newStore;
    }

    /** The store held messages. */
    void restore(StoredState state) {
        used |= state.expiring;
    }

    /** A message was taken that may expire. */
    void taken(Outgoing message) {
        used |= message.message().expiresAfterNanos() > 0;
    }

    /** Plans the next look anew, as that may not have been done for want of heap. */
    void mend() {
        stop();
        sweepSoon();
    }

    void stop() {
        Scheduler.cancel(sweep);
        sweep = null;
    }

    /** Looks once a second for messages that are too old, as long as there can be any. */
    void sweepSoon() {
        if (sweep == null && (used || intake.bounds().hasAge())
                && (store.queued() > 0 || !session.atMostOnce().isEmpty())) {
            sweep = scheduler.at(scheduler.nanoTime() + SWEEP_NANOS, () -> {
                sweep = null;
                long now = scheduler.nanoTime();
                Consumer<Outgoing> end = message -> {
                    long ends = scheduler.nanoTime(); // before it is taken out: this may fail
                    store.remove(message);
                    endTooOld(message, ends);
                };
                store.visitSome(message -> {
                    if (isTooOld(message, now)) {
                        end.accept(message);
                    }
                });
                store.findOld(intake.bounds().maxAgesNanos(), end);
                AtMostOnceQueue atMostOnce = session.atMostOnce();
                atMostOnce.view().stream().filter(message -> isTooOld(message, now)).toList().forEach(message -> {
                    atMostOnce.remove(each -> each == message); // one at a time: without heap the others stay
                    endTooOld(message, now);
                });
                sweepSoon();
            });
        }
    }

    private boolean isTooOld(Outgoing message, long now) {
        return message.isExpired(now) || message.isOlderThan(intake.bounds().maxAgeNanos(message.lane()), now);
    }

    private void endTooOld(Outgoing message, long now) {
        boolean expired = message.isExpired(now);
        settling.settle(message, expired ? Outcome.Kind.EXPIRED : Outcome.Kind.DROPPED,
                expired ? Reason.SUCCESS : TOO_OLD);
    }
}
