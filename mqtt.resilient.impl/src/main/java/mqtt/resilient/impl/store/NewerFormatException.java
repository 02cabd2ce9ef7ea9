package mqtt.resilient.impl.store;

import java.io.IOException;

/** The store was written by a later release; it stays untouched. */
final class NewerFormatException extends IOException {
    private static final long serialVersionUID = 1L;

    NewerFormatException(int version) {
        super("the store has format " + version + "; this release reads formats up to " + Segment.VERSION
                + ": use the release that wrote it, or another store.directory");
    }
}
