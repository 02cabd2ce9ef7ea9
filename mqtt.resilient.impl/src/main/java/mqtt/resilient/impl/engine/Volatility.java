package mqtt.resilient.impl.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import mqtt.resilient.api.Durability;
import mqtt.resilient.impl.session.StoreSettings;

/** Tells whether a directory loses what is in it at a start of the framework or of the machine. */
final class Volatility {
    private static final Set<String> VOLATILE_TYPES = Set.of("tmpfs", "ramfs");

    private Volatility() {
    }

    /**
     * Why a store does not keep what its durability promises; empty if nothing speaks against it. A reboot may take
     * what is to survive the process only. Blocks.
     */
    static String of(StoreSettings store, Host host) {
        if (store.durability() == Durability.MEMORY) {
            return "";
        }
        Path directory = Path.of(store.place());
        if (host.isDataAreaCleaned() && directory.startsWith(host.dataArea().toAbsolutePath())) {
            return "store.directory " + directory
                    + ": the framework deletes its data area at each start, and pending messages with it";
        }
        return store.durability() == Durability.POWER ? lostWithPower(directory) : "";
    }

    private static String lostWithPower(Path directory) {
        Path there = directory;
        while (there != null && !Files.exists(there)) {
            there = there.getParent();
        }
        try {
            String type = there == null ? "" : Files.getFileStore(there).type();
            return VOLATILE_TYPES.contains(type) ? "store.directory " + directory + ": it is on a " + type
                    + ", which a reboot empties, and pending messages are lost with it" : "";
        } catch (IOException e) {
            return ""; // opening the store will tell more
        }
    }
}
