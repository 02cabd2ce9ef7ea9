package mqtt.resilient.impl.simulation;

/** Something happened that must never happen; the message says which promise is broken, and how. */
final class Violation extends AssertionError {
    private static final long serialVersionUID = 1L;

    Violation(String invariant, String what) {
        super(invariant + ": " + what);
    }

    Violation(String invariant, Throwable cause) {
        super(invariant + ": " + cause, cause);
    }
}
