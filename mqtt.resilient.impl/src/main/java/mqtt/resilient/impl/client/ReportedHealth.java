package mqtt.resilient.impl.client;

import java.util.function.BiConsumer;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.spi.OutsideText;

/**
 * The health of a client's store as status, log and events report it: what the store itself says (a disk without space
 * too); besides, that it is full while a bound of the backlog rejects messages, and degraded where its place does not
 * keep what is in it. Written on the loop, read from any thread.
 */
final class ReportedHealth {
    static final Told OPENING = new Told(StoreHealth.OPENING, "being opened");

    private final BiConsumer<StoreHealth, String> tell;
    private volatile Told told = OPENING;
    private Told own = told;
    private String full = "";
    private String place = "";

    /** Health and reason, which change together; a reason may quote a file's name or what the system says. */
    record Told(StoreHealth health, String reason) {
        Told {
            reason = OutsideText.oneLine(reason);
        }
    }

    /** Makes the health of a store that is not open yet; changes are told on the loop. */
    ReportedHealth(BiConsumer<StoreHealth, String> tell) {
        this.tell = tell;
    }

    /** What is told now; from any thread. */
    Told told() {
        return told;
    }

    /** What the store itself said last. */
    Told own() {
        return own;
    }

    /** What the store says; told to everybody, also if it is what was told before. */
    void health(StoreHealth health, String reason) {
        quietly(new Told(health, reason));
        tell.accept(told.health, told.reason);
    }

    /** The same, of which nobody is told: the store is changed or opened, and tells more. */
    void quietly(Told now) {
        own = now;
        told = compose();
    }

    /** Why a bound of the backlog rejects messages; empty = none does. */
    void full(String why) {
        full = why;
        tellIfChanged();
    }

    /** Why the place of the store does not keep what is in it; empty = it does. */
    void place(String why) {
        place = why.isEmpty() ? "" : "accepted messages are not safe here: " + why;
        tellIfChanged();
    }

    private void tellIfChanged() {
        Told now = compose();
        if (!now.equals(told)) {
            told = now;
            tell.accept(now.health, now.reason);
        }
    }

    private Told compose() {
        boolean usable = own.health == StoreHealth.OK || own.health == StoreHealth.DEGRADED;
        if (!usable || full.isEmpty() && place.isEmpty()) {
            return own;
        }
        String reason = full;
        for (String more : new String[] { place, own.reason }) {
            reason += reason.isEmpty() || more.isEmpty() ? more : "; " + more;
        }
        return new Told(full.isEmpty() ? StoreHealth.DEGRADED : StoreHealth.FULL, reason);
    }
}
