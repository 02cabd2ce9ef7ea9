package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands and the configuration of docs/karaf.md, in a Karaf that can download nothing. */
@Timeout(180)
class KarafTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int MESSAGE_MILLIS = 30_000;
    private static final Pattern PROMPT = Pattern.compile("karaf@root\\(\\)>");

    @TempDir
    Path directory;
    private Path karaf;
    private Path output;
    private Process process;
    private int commands;
    private TestBroker broker;

    @BeforeEach
    void unpack() throws IOException {
        Path unpacked = Path.of(System.getProperty("karaf"));
        karaf = directory.resolve("karaf");
        try (Stream<Path> files = Files.walk(unpacked)) {
            for (Path file : files.toList()) {
                Files.copy(file, karaf.resolve(unpacked.relativize(file).toString()));
            }
        }
        edit("org.apache.karaf.shell.cfg", Map.of("sshPort", free(), "sshHost", "127.0.0.1"));
        edit("org.apache.karaf.management.cfg", Map.of("rmiRegistryPort", free(), "rmiServerPort", free()));
        edit("org.ops4j.pax.url.mvn.cfg", Map.of("org.ops4j.pax.url.mvn.repositories", "",
                "org.ops4j.pax.url.mvn.localRepository", directory.resolve("empty").toString()));
        broker = new TestBroker().start();
    }

    @AfterEach
    void end() {
        kill();
        broker.close();
    }

    private static String free() {
        return String.valueOf(TestBroker.freePort());
    }

    /** Karaf's own files: what counts of a key is its last line. */
    private void edit(String file, Map<String, String> values) throws IOException {
        StringBuilder lines = new StringBuilder("\n");
        values.forEach((key, value) -> lines.append(key).append(" = ").append(value).append('\n'));
        Path path = karaf.resolve("etc").resolve(file);
        Files.writeString(path, Files.readString(path) + lines);
    }

    @Test
    void theArchiveInstallsWithoutANetworkAndAStoredMessageSurvivesAKillOfKaraf() throws Exception {
        GuidePage page = GuidePage.of("docs/karaf.md");
        assertEquals(1, page.blocks("cfg").size());
        assertEquals(3, page.blocks("karaf").size());
        Files.writeString(karaf.resolve("etc/mqtt.resilient.client-plant.cfg"),
                adapted(page.blocks("cfg").get(0).text()));
        List<String> install = adapted(page.blocks("karaf").get(0).text()).lines().toList();
        String status = page.blocks("karaf").get(1).text().strip();
        String publish = page.blocks("karaf").get(2).text().strip();

        start();
        for (String command : install) {
            run(command);
        }
        Await.until("the connection in the log",
                () -> read(karaf.resolve("data/log/karaf.log")).contains("plant: connected to"),
                LIMIT);
        String answer = run(status);
        assertTrue(answer.contains("plant") && answer.contains("ONLINE"), answer);
        try (PlainSubscriber subscriber = new PlainSubscriber(broker.port())) {
            run(publish);
            assertEquals("plant/hello hello", subscriber.next(MESSAGE_MILLIS));
        }

        String connected = run("mqtt:explain");
        assertTrue(connected.replaceAll("\\s+", " ").contains("plant has been connected to " + broker.uri()),
                connected);
        broker.stop();
        run(publish + "-to-be-cancelled -l 3");
        String cancelled = run("mqtt:cancel -l 3", "Type yes to cancel: ", "yes");
        assertTrue(cancelled.contains("plant: 1 message cancelled"), cancelled);
        run(publish.replace(" hello", " stored-before-the-kill"));
        Await.until("the message in the store", () -> stored("stored-before-the-kill"), LIMIT);
        kill();
        broker.start();
        try (PlainSubscriber subscriber = new PlainSubscriber(broker.port())) {
            start();
            assertEquals("plant/hello stored-before-the-kill", subscriber.next(MESSAGE_MILLIS));
        }
    }

    private String adapted(String text) {
        return text.replace("mqtt://127.0.0.1:1883", broker.uri())
                .replace("/tmp/mqtt.resilient.karaf.kar", System.getProperty("karaf.archive"));
    }

    private boolean stored(String payload) {
        try (Stream<Path> files = Files.walk(karaf.resolve("mqtt/plant.journal"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(payload)) {
                    return true;
                }
            }
        } catch (IOException e) {
            return false; // a file that went meanwhile
        }
        return false;
    }

    private void start() throws IOException {
        output = Files.createTempFile(directory, "karaf", ".out");
        ProcessBuilder builder = new ProcessBuilder("bash", karaf.resolve("bin/karaf").toString());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("TERM", "dumb");
        process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
        commands = 0;
        awaitPrompt();
    }

    /** Right after the start some commands are not there yet: they are given again. */
    private String run(String command) throws IOException {
        return run(command, "", "");
    }

    /** Types a command, and what it asks for; an empty question is none. */
    private String run(String command, String question, String reply) throws IOException {
        String answer;
        long deadline = System.nanoTime() + LIMIT.toNanos();
        do {
            int before = read(output).length();
            process.outputWriter().write(command + "\n");
            process.outputWriter().flush();
            commands++;
            if (!question.isEmpty()) {
                Await.until("the question", () -> read(output).substring(before).contains(question), LIMIT);
                process.outputWriter().write(reply + "\n");
                process.outputWriter().flush();
            }
            awaitPrompt();
            answer = read(output).substring(before);
        } while (answer.contains("Command not found") && System.nanoTime() < deadline);
        assertTrue(!answer.contains("Command not found") && !answer.contains("Error executing"), answer);
        return answer;
    }

    private void awaitPrompt() throws IOException {
        try {
            Await.until("an answer of Karaf", () -> PROMPT.matcher(read(output)).results().count() > commands, LIMIT);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "\n" + read(output), e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** As a power cut would: neither Karaf nor the client hears of it. */
    private void kill() {
        if (process != null) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().onExit().join();
        }
    }
}
