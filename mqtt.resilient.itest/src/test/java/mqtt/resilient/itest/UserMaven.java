package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Maven as a user of the product has it: outside the reactor, without a network, and with a local repository that holds
 * the product as this build has made it. Everything else in that repository is the build's own.
 */
final class UserMaven {
    private static final String VERSION = System.getProperty("product.version");
    private static final List<String> MODULES = List.of("api", "impl", "v5", "console");
    private static final Pattern IMPORT = Pattern
            .compile("(<artifactId>mqtt\\.resilient\\.bom</artifactId>\\s*<version>)([^<]+)(?=</version>)");
    private static final int LIMIT_SECONDS = 120;

    private final Path program;

    /** Makes the repository and the program {@code mvn} in a directory of the test. */
    UserMaven(Path directory) throws IOException {
        Path repository = Files.createDirectories(directory.resolve("repository"));
        try (Stream<Path> groups = Files.list(Path.of(System.getProperty("maven.repository")))) {
            for (Path group : groups.filter(each -> !each.endsWith("mqtt")).toList()) {
                Files.createSymbolicLink(repository.resolve(group.getFileName()), group);
            }
        }
        put(repository, "parent", "pom", GuidePage.root().resolve("pom.xml"));
        put(repository, "bom", "pom", GuidePage.root().resolve("mqtt.resilient.bom/pom.xml"));
        for (String module : MODULES) {
            Path root = GuidePage.root().resolve("mqtt.resilient." + module);
            put(repository, module, "pom", root.resolve("pom.xml"));
            put(repository, module, "jar", root.resolve("target/mqtt.resilient." + module + "-" + VERSION + ".jar"));
        }
        program = directory.resolve("mvn");
        Files.writeString(program,
                "#!/bin/sh\nexec '" + System.getProperty("maven") + "' -o -B -Dmaven.repo.local='" + repository
                        + "' \"$@\"\n");
        assertTrue(program.toFile().setExecutable(true));
    }

    private static void put(Path repository, String module, String type, Path file) throws IOException {
        String name = "mqtt.resilient." + module;
        Path place = Files.createDirectories(repository.resolve("mqtt/resilient").resolve(name).resolve(VERSION));
        Files.copy(file, place.resolve(name + "-" + VERSION + "." + type));
    }

    /** {@return the program to call as {@code mvn}} */
    Path program() {
        return program;
    }

    /** {@return a POM of a page, with the version that this build has in place of the release's} */
    static String withVersionOfTheBuild(String pom) {
        Matcher version = IMPORT.matcher(pom);
        assertTrue(version.find(), () -> "imports no mqtt.resilient.bom: " + pom);
        assertEquals(VERSION.replace("-SNAPSHOT", ""), version.group(2).replace("-SNAPSHOT", ""),
                "the version in a POM of the pages");
        return version.replaceFirst("$1" + VERSION);
    }

    /** Runs goals in a project and fails the test with all that Maven says if it does not succeed. */
    void run(Path project, String... goals) throws IOException, InterruptedException {
        Path output = Files.createTempFile(project, "maven", ".log");
        List<String> command = new ArrayList<>(List.of(program.toString(), "-q"));
        command.addAll(List.of(goals));
        ProcessBuilder builder = new ProcessBuilder(command).directory(project.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try {
            assertTrue(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS), "Maven still runs");
            assertEquals(0, process.exitValue(), Files.readString(output));
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
