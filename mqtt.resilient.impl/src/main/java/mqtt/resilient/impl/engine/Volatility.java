package mqtt.resilient.impl.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** Tells whether a directory is one that a reboot empties. */
final class Volatility {
    private static final Set<String> VOLATILE_TYPES = Set.of("tmpfs", "ramfs");

    private Volatility() {
    }

    /** Why a directory does not keep what is in it; empty if nothing speaks against it. Blocks. */
    static Optional<String> of(Path directory, Host host) {
        if (host.isDataAreaCleaned() && directory.startsWith(host.dataArea().toAbsolutePath())) {
            return Optional.of("the framework deletes its data area at each start, and pending messages with it");
        }
        Path there = directory;
        while (there != null && !Files.exists(there)) {
            there = there.getParent();
        }
        try {
            String type = there == null ? "" : Files.getFileStore(there).type();
            return VOLATILE_TYPES.contains(type)
                    ? Optional.of("it is on a " + type + ", which a reboot empties, and pending messages are lost with it")
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // opening the store will tell more
        }
    }
}
