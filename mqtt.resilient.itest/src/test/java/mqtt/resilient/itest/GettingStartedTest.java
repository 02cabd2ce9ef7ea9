package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What docs/getting-started.md says is done, in its order, on free ports, without a network, beside the checkout. */
@Tag("full")
@Timeout(180)
class GettingStartedTest {
    private static final int LIMIT_SECONDS = 120;

    @TempDir
    Path directory;
    private Process shell;

    @BeforeEach
    void beACheckout() throws IOException {
        assumeTrue(Program.find("curl").isPresent(), "curl is not installed");
        Files.createSymbolicLink(directory.resolve("bin"), GuidePage.root().resolve("bin"));
    }

    @AfterEach
    void end() {
        if (shell != null) {
            shell.descendants().forEach(ProcessHandle::destroyForcibly);
            shell.destroyForcibly().onExit().join();
        }
    }

    @Test
    void whoFollowsThePageHasABundleThatMissesNothingWhileTheBrokerIsAway() throws Exception {
        GuidePage page = GuidePage.of("docs/getting-started.md");
        String http = String.valueOf(TestBroker.freePort());
        String mqtt = String.valueOf(TestBroker.freePort());
        StringBuilder script = new StringBuilder("set -eu\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n");
        for (GuidePage.Block block : page.blocks()) {
            String text = block.text().replace("8080", http).replace("1883", mqtt);
            if (block.language().equals("sh") && block.file().isEmpty()) {
                script.append(text);
            } else if (!block.file().isEmpty() && !block.language().equals("sh")) {
                Path file = directory.resolve(block.file());
                Files.createDirectories(file.getParent());
                Files.writeString(file,
                        block.file().endsWith("pom.xml") ? UserMaven.withVersionOfTheBuild(text) : text);
            }
        }
        assertEquals("mvn -q -DskipTests install -pl mqtt.resilient.bom,mqtt.resilient.api -am\n",
                page.blocks("sh").get(0).text());
        // which has what that installs
        UserMaven maven = new UserMaven(Files.createDirectories(directory.resolve("user")));

        Path output = directory.resolve("output");
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", script.toString()).directory(directory.toFile());
        builder.environment().merge("PATH", maven.program().getParent().toString(), (old, tools) -> tools + ":" + old);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        shell = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
        boolean ended = shell.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);

        Path gateway = directory.resolve("first/gateway.log");
        String said = Files.readString(output) + (Files.exists(gateway) ? Files.readString(gateway) : "");
        assertTrue(ended, said);
        assertEquals(0, shell.exitValue(), said);
        List<Integer> received = Files.readAllLines(gateway).stream().filter(line -> line.startsWith("received "))
                .map(line -> Integer.valueOf(line.substring(9))).distinct().toList();
        int first = received.get(0); // what was published before the listener was subscribed is not for it
        assertEquals(IntStream.range(first, first + received.size()).boxed().toList(), received, said);
        assertTrue(received.size() >= 10, said);
    }
}
