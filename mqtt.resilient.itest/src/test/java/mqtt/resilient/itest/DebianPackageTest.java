package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The package for Kura 6, and what dpkg makes of it in an empty root. */
@Timeout(180)
class DebianPackageTest {
    private static final List<String> BUNDLES = List.of("api", "console", "impl", "kura", "v5");
    private static final String VERSION = System.getProperty("product.version");
    private static final Path PACKAGE = GuidePage.root().resolve("mqtt.resilient.kura/target/mqtt-resilient_"
            + VERSION.replace('-', '~') + "_all.deb");

    @TempDir
    private Path work;
    private Path root;
    private Path plugins;

    private record Result(int exit, String output) {
    }

    @BeforeEach
    void makeRoot() throws IOException {
        assumeTrue(isInstalled("dpkg") && isInstalled("dpkg-deb"), "dpkg is not installed");
        root = work.resolve("root");
        plugins = root.resolve("opt/eclipse/kura/plugins/6s");
        for (String each : List.of("updates", "info", "triggers")) {
            Files.createDirectories(root.resolve("var/lib/dpkg").resolve(each));
        }
        Files.createFile(root.resolve("var/lib/dpkg/status"));
    }

    private static boolean isInstalled(String program) {
        return Stream.of("/usr/bin", "/bin", "/usr/local/bin")
                .anyMatch(each -> Files.isExecutable(Path.of(each, program)));
    }

    private static Result run(Object... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(Stream.of(command).map(String::valueOf).toList())
                .redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C");
        builder.environment().merge("PATH", ":/usr/sbin:/sbin", String::concat);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(process.waitFor(), output);
    }

    private static String succeeds(Object... command) throws IOException, InterruptedException {
        Result result = run(command);
        assertEquals(0, result.exit, result.output);
        return result.output;
    }

    /** Its scripts run outside the root, which has no shell, and know it as DPKG_ROOT. */
    private Object[] dpkg(Object... arguments) {
        List<Object> command = new ArrayList<>(
                List.of("dpkg", "--root=" + root, "--force-script-chrootless", "--log=/dev/null"));
        command.addAll(List.of(arguments));
        return command.toArray();
    }

    private Path kura(String version) throws IOException, InterruptedException {
        Path content = Files.createDirectories(work.resolve("kura-core-" + version));
        Files.createDirectories(content.resolve("opt/eclipse/kura/plugins/6s"));
        Files.writeString(content.resolve("opt/eclipse/kura/plugins/6s/of-kura.jar"), "");
        Files.createDirectories(content.resolve("DEBIAN"));
        Files.writeString(content.resolve("DEBIAN/control"), "Package: kura-core\nVersion: " + version
                + "\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: stand-in\n");
        succeeds("dpkg-deb", "--root-owner-group", "-b", content, content + ".deb");
        return Path.of(content + ".deb");
    }

    private Path earlierVersion() throws IOException, InterruptedException {
        Path content = work.resolve("earlier");
        succeeds("dpkg-deb", "-R", PACKAGE, content);
        Path control = content.resolve("DEBIAN/control");
        Files.writeString(control, Files.readString(control).replaceFirst("(?m)^Version: .*$", "Version: 0.9.0"));
        for (String each : BUNDLES) {
            Path jar = content.resolve("opt/eclipse/kura/plugins/6s/" + jar(each, VERSION));
            Files.move(jar, jar.resolveSibling(jar(each, "0.9.0")));
        }
        succeeds("dpkg-deb", "--root-owner-group", "-b", content, content + ".deb");
        return Path.of(content + ".deb");
    }

    private static String jar(String bundle, String version) {
        return "mqtt.resilient." + bundle + "-" + version + ".jar";
    }

    private List<String> plugins() throws IOException {
        try (Stream<Path> files = Files.list(plugins)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static List<String> withKura(String version) {
        return Stream.concat(BUNDLES.stream().map(each -> jar(each, version)), Stream.of("of-kura.jar")).toList();
    }

    @Test
    void theBundlesAreWhereAndHowKurasOwnAddOnsAre() throws Exception {
        List<String> lines = succeeds("dpkg-deb", "-c", PACKAGE).lines().toList();
        for (String each : BUNDLES) {
            String name = " ./opt/eclipse/kura/plugins/6s/" + jar(each, VERSION);
            List<String> found = lines.stream().filter(line -> line.endsWith(name)).toList();
            assertEquals(1, found.size(), lines::toString);
            assertTrue(found.get(0).startsWith("-rw------- kurad/kurad "), found.get(0));
        }
        for (String each : List.of("doc/mqtt-resilient/copyright", "doc/mqtt-resilient/changelog.gz")) {
            assertTrue(lines.stream().anyMatch(line -> line.endsWith(" ./usr/share/" + each)), each);
        }
        assertEquals("kura-core (>= 6.0.0~), kura-core (<< 7.0.0~)",
                succeeds("dpkg-deb", "-f", PACKAGE, "Depends").strip());
        assertEquals("all", succeeds("dpkg-deb", "-f", PACKAGE, "Architecture").strip());
        assertEquals(0, run("dpkg", "--compare-versions", succeeds("dpkg-deb", "-f", PACKAGE, "Version").strip(), "le",
                VERSION.replaceFirst("-.*", "")).exit);
    }

    @Test
    void itInstallsUpgradesAndIsRemovedAndTheStoredMessagesStayUntilItIsPurged() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "only root can install packages");
        Result alone = run(dpkg("-i", PACKAGE));
        assertNotEquals(0, alone.exit, "there is no Kura");
        assertTrue(alone.output.contains("kura-core"), alone.output);
        succeeds(dpkg("--purge", "mqtt-resilient"));
        succeeds(dpkg("-i", kura("6.0.0")));
        Path data = root.resolve("opt/eclipse/kura/data");
        Path journal = Files.createDirectories(data.resolve("mqtt.resilient/plant.journal")).resolve("1");
        Path others = Files.writeString(data.resolve("of-kura"), "x");

        succeeds(dpkg("-i", earlierVersion()));
        assertEquals(withKura("0.9.0"), plugins());
        Files.writeString(journal, "messages");
        succeeds(dpkg("-i", PACKAGE));
        assertEquals(withKura(VERSION), plugins());
        assertTrue(succeeds(dpkg("-i", PACKAGE)).contains("systemctl restart kura"), "again");
        succeeds(dpkg("--audit"));

        assertTrue(succeeds(dpkg("--remove", "mqtt-resilient")).contains("stored messages stay"));
        assertEquals(List.of("of-kura.jar"), plugins());
        assertEquals("messages", Files.readString(journal));

        succeeds(dpkg("-i", PACKAGE));
        String purged = succeeds(dpkg("--purge", "mqtt-resilient"));
        assertTrue(purged.contains("deleting the stored messages in " + data.resolve("mqtt.resilient")), purged);
        assertFalse(Files.exists(data.resolve("mqtt.resilient")));
        assertTrue(Files.exists(others));
        assertEquals(List.of("of-kura.jar"), plugins());
        succeeds(dpkg("--purge", "mqtt-resilient"));
    }

    @Test
    void aLaterKuraIsRefused() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "only root can install packages");
        succeeds(dpkg("-i", kura("7.0.0")));
        assertNotEquals(0, run(dpkg("-i", PACKAGE)).exit);
    }

    @Test
    void lintianFindsNoError() throws Exception {
        assumeTrue(isInstalled("lintian"), "lintian is not installed");
        succeeds("lintian", "--fail-on", "error", PACKAGE);
    }
}
