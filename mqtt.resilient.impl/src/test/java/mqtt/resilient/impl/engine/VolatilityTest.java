package mqtt.resilient.impl.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import mqtt.resilient.api.Durability;
import mqtt.resilient.impl.session.StoreSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which places do not keep what a store promises. */
class VolatilityTest {
    @TempDir
    Path directory;

    private Host host(boolean cleaned) {
        return (Host) Proxy.newProxyInstance(Host.class.getClassLoader(), new Class<?>[] { Host.class },
                (self, method, arguments) -> method.getName().equals("isDataAreaCleaned") ? cleaned
                        : directory.resolve("data"));
    }

    private static StoreSettings store(Path place, Durability durability) {
        return new StoreSettings(place.toString(), durability, 0, 0, 4096);
    }

    @Test
    void aDataAreaThatTheFrameworkDeletesKeepsNothing() {
        Path inside = directory.resolve("data").resolve("plant.journal");
        for (Durability durability : new Durability[] { Durability.POWER, Durability.PROCESS }) {
            String why = Volatility.of(store(inside, durability), host(true));
            assertTrue(why.contains("store.directory " + inside) && why.contains("at each start"), why);
        }
        assertEquals("", Volatility.of(store(directory.resolve("elsewhere"), Durability.PROCESS), host(true)));
        assertEquals("", Volatility.of(store(inside, Durability.PROCESS), host(false)));
        assertEquals("", Volatility.of(StoreSettings.MEMORY, host(true)));
    }

    @Test
    void memoryFilesKeepNothingFromALossOfPower() throws IOException {
        Path memory = Path.of("/dev/shm");
        assumeTrue(Files.isDirectory(memory) && Files.getFileStore(memory).type().equals("tmpfs"),
                "no tmpfs at /dev/shm");
        String why = Volatility.of(store(memory.resolve("not/there/plant.journal"), Durability.POWER), host(false));
        assertTrue(why.contains("tmpfs") && why.contains("reboot"), why);
        assertEquals("", Volatility.of(store(memory, Durability.PROCESS), host(false)), "the process may end");
    }
}
