package mqtt.resilient.impl.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The simulator sees deliberate defects. The seed that shows each of them is in {@code defects.properties}; when the
 * engine or the simulator is changed, a seed may take another course: {@code bin/simulate --defects} finds the new
 * ones.
 */
class DefectsTest {
    private static final Path ROOT = Path.of("..");
    /** Each is compiled: that takes its time. */
    private static final int STEP = Boolean.getBoolean("tests.full") ? 1 : 8;
    private static final Properties SEEDS = load();

    private static Properties load() {
        try (InputStream file = DefectsTest.class.getResourceAsStream("defects.properties")) {
            Properties seeds = new Properties();
            seeds.load(file);
            return seeds;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Defect> defects() {
        return IntStream.range(0, Defects.ALL.size()).filter(i -> i % STEP == 0).mapToObj(Defects.ALL::get).toList();
    }

    @ParameterizedTest
    @MethodSource("defects")
    @Tag("full")
    void theSimulatorSeesTheDefectAndIsContentWithoutIt(Defect defect, @TempDir Path work) throws IOException {
        String[] known = SEEDS.getProperty(defect.name(), "").split(" ");
        assertEquals(2, known.length, "defects.properties has no seed for it");
        long seed = Long.parseLong(known[1]);
        assertNull(Simulate.find(known[0], seed), "it is found without the defect");
        try (URLClassLoader loader = defect.load(ROOT, work)) {
            assertNotNull(Defect.find(loader, known[0], seed),
                    "seed " + seed + " of " + known[0]
                            + " does not show it (any more); bin/simulate --defects finds another");
        }
    }

    @Test
    void everyDefectFitsTheCode() throws IOException {
        List<String> others = new ArrayList<>();
        for (Defect defect : Defects.ALL) {
            try {
                defect.patched(ROOT);
            } catch (IOException e) {
                others.add(e.getMessage());
            }
        }
        assertEquals(List.of(), others);
    }

    @Test
    void everySeedBelongsToADefect() {
        TreeSet<String> names = new TreeSet<>();
        Defects.ALL.forEach(defect -> names.add(defect.name()));
        assertEquals(names, new TreeSet<>(SEEDS.stringPropertyNames()));
    }
}
