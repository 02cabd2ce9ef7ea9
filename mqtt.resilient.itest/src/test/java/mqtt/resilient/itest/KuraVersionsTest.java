package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.osgi.framework.Constants;
import org.osgi.framework.Version;
import org.osgi.framework.VersionRange;

/** The bundle for Kura fits the versions of the packages that each Kura exports. */
class KuraVersionsTest {
    private static final Pattern IMPORT = Pattern.compile("(org\\.eclipse\\.kura[a-z.]*)([^,\"]|\"[^\"]*\")*");
    private static final Pattern RANGE = Pattern.compile("version=\"([^\"]+)\"");
    /** What differs from the stub, whose versions are those of 5.6; from the manifest of org.eclipse.kura.api. */
    private static final Map<String, Map<String, String>> OTHERS = Map.of("5.6", Map.of(),
            "6", Map.of("org.eclipse.kura.crypto", "1.4.0", "org.eclipse.kura.system", "1.9.0"));

    @ParameterizedTest
    @ValueSource(strings = { "5.6", "6" })
    void everyPackageIsThereInAVersionThatFits(String kura) throws IOException {
        Map<String, String> exported = exports(Path.of(System.getProperty("kura.stub")));
        exported.putAll(OTHERS.get(kura));
        Map<String, String> wrong = new TreeMap<>();
        int imports = 0;
        Path target = GuidePage.root().resolve("mqtt.resilient.kura/target");
        for (Matcher each = IMPORT.matcher(header(jar(target), Constants.IMPORT_PACKAGE)); each.find(); imports++) {
            Matcher range = RANGE.matcher(each.group());
            String version = exported.get(each.group(1));
            if (version == null || !range.find()
                    || !new VersionRange(range.group(1)).includes(new Version(version))) {
                wrong.put(each.group(), "exported: " + version);
            }
        }
        assertEquals(Map.of(), wrong);
        assertTrue(imports > 20, imports + " imports");
    }

    private static Path jar(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(
                    file -> file.getFileName().toString().matches("mqtt\\.resilient\\.kura-[^-]*(-SNAPSHOT)?\\.jar"))
                    .findFirst().orElseThrow();
        }
    }

    private static Map<String, String> exports(Path stub) throws IOException {
        Map<String, String> exports = new HashMap<>();
        Matcher each = IMPORT.matcher(header(stub, Constants.EXPORT_PACKAGE));
        while (each.find()) {
            Matcher version = RANGE.matcher(each.group());
            if (version.find()) {
                exports.put(each.group(1), version.group(1));
            }
        }
        return exports;
    }

    private static String header(Path jar, String name) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            Manifest manifest = file.getManifest();
            return manifest.getMainAttributes().getValue(name);
        }
    }
}
