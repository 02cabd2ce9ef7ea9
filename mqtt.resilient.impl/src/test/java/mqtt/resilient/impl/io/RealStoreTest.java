package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.StoreHealth;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A store on a real disk that is full, or of a process that is short of descriptors: it goes on by itself, without a
 * loss.
 */
class RealStoreTest {
    private static final int MESSAGES = 6000;
    private static final long MEGABYTE = 1 << 20;

    @TempDir
    private Path directory;

    private static Path program(String name) {
        for (String place : List.of("/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/")) {
            if (Files.isExecutable(Path.of(place + name))) {
                return Path.of(place + name);
            }
        }
        return null;
    }

    private static boolean run(Object... command) throws Exception {
        Process process = new ProcessBuilder(java.util.Arrays.stream(command).map(Object::toString).toList())
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        return process.waitFor() == 0;
    }

    // ---- a full disk ----------------------------------------------------------------------------------------------

    @Test
    void aSmallDiskThatOurOwnMessagesHaveFilledIsUsedAgainWhenTheyAreDelivered() throws Exception {
        Path mount = program("mount");
        Path place = Files.createDirectory(directory.resolve("small"));
        assumeTrue(mount != null && run(mount, "-t", "tmpfs", "-o", "size=67m", "tmpfs", place),
                "no tmpfs can be mounted (not root?)");
        try {
            try (StoreProgram store = new StoreProgram(place.resolve("plant.journal"), 64 * MEGABYTE)) {
                Await.until(() -> store.health + store.reason, () -> store.health == StoreHealth.OK);
                store.publish(1, 350, 10_000);
                Await.until(() -> store.health + store.reason,
                        () -> store.health == StoreHealth.FULL && store.stored == 350);
                store.deliver();
                Await.until(() -> store.delivered + " delivered, " + store.health + store.reason,
                        () -> store.delivered == 350 && store.health == StoreHealth.OK);
                store.publish(351, 1, 10_000);
                Await.until(() -> store.health + store.reason, () -> store.stored == 351);
            }
            try (StoreProgram again = new StoreProgram(place.resolve("plant.journal"), 64 * MEGABYTE)) {
                Await.until(() -> again.health + again.reason, () -> again.health == StoreHealth.OK);
                assertEquals(351, again.state.lastId);
                assertEquals("", again.state.incomplete);
            }
        } finally {
            assertTrue(run(program("umount"), place));
        }
    }

    // ---- a process that cannot open files -------------------------------------------------------------------------

    /** A store in a process of its own. */
    private static final class Child implements AutoCloseable {
        private final Process process;
        private final BufferedReader lines;
        private final Writer commands;
        private final List<String> said = new ArrayList<>();

        Child(Path place) throws IOException {
            process = new ProcessBuilder(System.getProperty("java.home") + "/bin/java", "-Xmx128m", "-cp",
                    System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                    StoreProgram.class.getName(), place.toString(), Integer.toString(MESSAGES))
                    .redirectErrorStream(true).start();
            lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            commands = process.outputWriter();
        }

        void go() throws IOException {
            commands.write("go\n");
            commands.flush();
        }

        /** Waits until it says something that begins like this. */
        String until(String beginning) throws IOException {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                said.add(line);
                if (line.startsWith(beginning)) {
                    return line;
                }
            }
            throw new AssertionError("it never said " + beginning + ": " + said);
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    @Test
    void aProcessWithoutDescriptorsLosesNothingAndDeliversWhenItHasSome() throws Exception {
        Path prlimit = program("prlimit");
        assumeTrue(prlimit != null, "no prlimit (util-linux)");
        try (Child child = new Child(directory.resolve("plant.journal"))) {
            child.until("stored");
            long pid = child.process.pid();
            assertTrue(run(prlimit, "--pid", pid, "--nofile=5:4096"));
            child.go();
            String reason = child.until("DEGRADED");
            assertTrue(reason.contains("Too many open files"), reason);
            assertTrue(run(prlimit, "--pid", pid, "--nofile=4096:4096"));
            assertEquals("delivered " + MESSAGES + ", lost 0", child.until("delivered"));
            assertEquals(0, child.process.waitFor());
        }
    }

    @Test
    void aDirectoryThatIsRenamedAndGetsItsNameBackHasLostNothing() throws Exception {
        Path place = directory.resolve("plant.journal");
        try (Child child = new Child(place)) {
            child.until("stored");
            Files.move(place, directory.resolve("elsewhere"));
            child.go();
            child.until("DEGRADED");
            Files.move(directory.resolve("elsewhere"), place);
            assertEquals("delivered " + MESSAGES + ", lost 0", child.until("delivered"));
            assertEquals(0, child.process.waitFor());
        }
    }
}
