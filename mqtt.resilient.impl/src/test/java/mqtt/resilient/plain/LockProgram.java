package mqtt.resilient.plain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Another process that wants the lock of a file, and says {@code locked} or {@code null}. */
public final class LockProgram {
    private LockProgram() {
    }

    /** What another process says. */
    public static String tryLock(Path file) throws Exception {
        Process process = new ProcessBuilder(System.getProperty("java.home") + "/bin/java", "-cp",
                Path.of(LockProgram.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString(),
                LockProgram.class.getName(), file.toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertEquals(0, process.waitFor());
        return said;
    }

    public static void main(String[] arguments) throws IOException {
        try (FileChannel channel = FileChannel.open(Path.of(arguments[0]), StandardOpenOption.WRITE)) {
            System.out.println(channel.tryLock() == null ? "null" : "locked");
        }
    }
}
