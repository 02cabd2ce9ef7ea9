package mqtt.resilient.impl.simulation;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;

import mqtt.resilient.api.Outcome;
import org.junit.jupiter.api.Test;

/** What the books of the simulator allow, and what not. */
class LedgerTest {
    private final Ledger ledger = new Ledger();

    private Sent accepted() {
        Sent made = ledger.newSent(0, 3, 2, false, 1, 0, true);
        made.accepted = true;
        return made;
    }

    private static Outcome delivered(String reason) {
        return new Outcome(Outcome.Kind.DELIVERED, 0, reason);
    }

    @Test
    void aMessageThatWasLostAtQos0AndThatAPowerCutBringsBackHasNoPlaceInTheOrder() { // seed 1796076453968
        Sent lost = accepted();
        ledger.ended(lost, delivered("sent with QoS 0: the broker allows no more"));
        ledger.arrived(accepted(), 0, this, false, true, 1);
        ledger.died();
        assertDoesNotThrow(() -> ledger.arrived(lost, 0, this, false, true, 2));
    }

    @Test
    void aMessageThatWasHeldBackMayNotArriveBehindALaterOne() {
        Sent first = accepted();
        ledger.arrived(accepted(), 0, this, false, true, 1);
        ledger.died();
        assertThrows(Violation.class, () -> ledger.arrived(first, 0, this, false, true, 2));
    }

    @Test
    void withinOneLifeQos0IsInOrderToo() {
        Sent first = accepted();
        ledger.ended(first, delivered("sent with QoS 0: the broker allows no more"));
        ledger.arrived(accepted(), 0, this, false, true, 1);
        assertThrows(Violation.class, () -> ledger.arrived(first, 0, this, false, true, 1));
    }
}
