package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.osgi.framework.Constants;
import org.osgi.framework.Version;
import org.osgi.framework.VersionRange;

/**
 * Which parts of the bundle for Kura a Kura can have: the bundle's imports against the packages that each Kura exports,
 * in {@code src/test/kura-packages.txt}.
 */
class KuraVersionsTest {
    private static final String ALL = "client network transport store cloud";
    private static final Pattern IMPORT = Pattern.compile("(org\\.eclipse\\.kura[a-z.]*)([^,\"]|\"[^\"]*\")*");
    private static final Pattern RANGE = Pattern.compile("version=\"([^\"]+)\"");
    /** What each part imports; what none of these patterns matches is needed by all of them. */
    private static final Map<String, String> PARTS = Map.of("network", "net(\\..*)?", "transport", "data(\\..*)?",
            "store", "(message\\.store|connection)(\\..*)?", "cloud", "(cloud|cloudconnection|message)(\\..*)?");

    @ParameterizedTest
    @CsvSource({ "5.1, client transport", "5.2, client transport", "5.6, " + ALL, "6-2025, " + ALL, "6-2026, " + ALL })
    void aKuraHasThePartsWhosePackagesItHas(String kura, String parts) throws IOException {
        Map<String, String> exported = exports(kura);
        Set<String> there = new TreeSet<>(List.of(ALL.split(" ")));
        Map<String, String> imported = imports();
        imported.forEach((name, range) -> {
            String version = exported.get(name);
            if (version == null || !new VersionRange(range).includes(new Version(version))) {
                there.removeAll(partsWith(name));
            }
        });
        assertEquals(new TreeSet<>(List.of(parts.split(" "))), there);
        assertTrue(imported.size() > 20, imported::toString);
    }

    private static Set<String> partsWith(String packageName) {
        String shortName = packageName.replaceFirst("^org\\.eclipse\\.kura\\.?", "");
        Set<String> parts = new TreeSet<>();
        PARTS.forEach((part, pattern) -> {
            if (shortName.matches(pattern)) {
                parts.add(part);
            }
        });
        return parts.isEmpty() ? Set.of(ALL.split(" ")) : parts;
    }

    /** Else a later Kura has something that this build does not compile with. */
    @Test
    void theStubHasThePackagesOfTheTableInVersionsThatAreNotLater() throws IOException {
        Map<String, String> stub = new TreeMap<>();
        Matcher each = IMPORT.matcher(header(Path.of(System.getProperty("kura.stub")), Constants.EXPORT_PACKAGE));
        while (each.find()) {
            Matcher version = RANGE.matcher(each.group());
            stub.put(each.group(1), version.find() ? version.group(1) : "0");
        }
        exports("5.6").forEach((name, version) -> assertTrue(
                stub.containsKey(name) && new Version(stub.get(name)).compareTo(new Version(version)) <= 0,
                name + " " + stub.get(name) + " " + version));
    }

    private static Map<String, String> imports() throws IOException {
        Map<String, String> imports = new TreeMap<>();
        Path jar;
        try (Stream<Path> files = Files.list(GuidePage.root().resolve("mqtt.resilient.kura/target"))) {
            jar = files.filter(
                    file -> file.getFileName().toString().matches("mqtt\\.resilient\\.kura-[^-]*(-SNAPSHOT)?\\.jar"))
                    .findFirst().orElseThrow();
        }
        Matcher each = IMPORT.matcher(header(jar, Constants.IMPORT_PACKAGE));
        while (each.find()) {
            Matcher range = RANGE.matcher(each.group());
            assertTrue(range.find(), each::group);
            imports.put(each.group(1), range.group(1));
        }
        return imports;
    }

    private static Map<String, String> exports(String kura) throws IOException {
        List<String[]> rows = Files
                .readAllLines(GuidePage.root().resolve("mqtt.resilient.itest/src/test/kura-packages.txt"))
                .stream().filter(line -> !line.isBlank() && !line.startsWith("#")).map(line -> line.split(" +"))
                .toList();
        int column = Arrays.asList(rows.get(0)).indexOf(kura);
        assertTrue(column > 0, kura);
        Map<String, String> exports = new TreeMap<>();
        for (String[] row : rows.subList(1, rows.size())) {
            if (!row[column].equals("-")) {
                exports.put(row[0], row[column]);
            }
        }
        return exports;
    }

    private static String header(Path jar, String name) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            return file.getManifest().getMainAttributes().getValue(name);
        }
    }
}
