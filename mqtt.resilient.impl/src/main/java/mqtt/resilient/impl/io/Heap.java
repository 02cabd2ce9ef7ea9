package mqtt.resilient.impl.io;

import mqtt.resilient.impl.environment.Handlers;

/** Looks whether the heap has room. Safe from any thread. */
final class Heap {
    static {
        Handlers.prepare(OutOfMemoryError.class);
    }

    /** What must fit in. */
    private static final int PROBE_BYTES = 128 * 1024;

    /** The last probe; a field, or the probe could be optimised away. */
    private byte[] probe;

    boolean hasRoom() {
        try {
            probe = new byte[PROBE_BYTES];
            return true;
        } catch (OutOfMemoryError e) {
            return false;
        } finally {
            probe = null;
        }
    }
}
