package mqtt.resilient.impl.component;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import mqtt.resilient.impl.io.LocalFileSystem;
import mqtt.resilient.impl.store.StoreDump;

/**
 * {@code dump DIR} or {@code verify DIR}: what is in a store, for support. Needs this bundle and the api on the class
 * path.
 */
public final class StoreTool {
    private StoreTool() {
    }

    /** Ends with 0 if nothing is damaged, 1 if something is, 2 if it cannot say. */
    public static void main(String[] arguments) {
        if (arguments.length != 2 || !arguments[0].matches("dump|verify")
                || !Files.isDirectory(Path.of(arguments[1]))) {
            System.err.println("store: needs dump or verify, and the directory of a journal");
            System.exit(2);
        }
        Path place = Path.of(arguments[1]).toAbsolutePath().normalize();
        try {
            StoreDump dump = new StoreDump(new LocalFileSystem(place.getParent()), place.getFileName().toString(),
                    System.out::println);
            System.exit(dump.run(arguments[0].equals("dump")) ? 0 : 1);
        } catch (IOException e) {
            System.err.println("store: " + e);
            System.exit(2);
        }
    }
}
