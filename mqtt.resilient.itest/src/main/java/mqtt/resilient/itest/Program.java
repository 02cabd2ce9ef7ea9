package mqtt.resilient.itest;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** A program in a process of its own that listens on loopback; killed when it is closed and when the JVM ends. */
final class Program implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final int CONNECT_MILLIS = 500;

    private final Process process;
    private final Thread killAtExit;

    /**
     * Starts a program and returns when it takes connections on a port.
     *
     * @param log where its output goes
     */
    Program(List<String> command, int port, Path log) {
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile())).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        killAtExit = new Thread(process::destroyForcibly, "itest-program-kill");
        Runtime.getRuntime().addShutdownHook(killAtExit);
        try {
            Await.until(command.get(0) + " takes connections on port " + port,
                    () -> connects(port) || !process.isAlive(),
                    START_LIMIT);
            if (!process.isAlive()) {
                throw new AssertionError(command + " ended with " + process.exitValue());
            }
        } catch (AssertionError e) {
            close();
            throw new AssertionError(e.getMessage() + "\n" + read(log), e);
        }
    }

    /** {@return where a program is, unless {@code ITEST_STANDINS=true} asks for the substitutes written in Java} */
    static Optional<Path> find(String name) {
        if (Boolean.parseBoolean(System.getenv("ITEST_STANDINS"))) {
            return Optional.empty();
        }
        String path = Objects.requireNonNullElse(System.getenv("PATH"), "");
        return Stream.concat(Stream.of(path.split(File.pathSeparator)), Stream.of("/usr/sbin", "/usr/local/sbin"))
                .filter(folder -> !folder.isEmpty()).map(folder -> Path.of(folder, name)).filter(Files::isExecutable)
                .findFirst();
    }

    private static boolean connects(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECT_MILLIS);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return "no log: " + e;
        }
    }

    /** Kills it. Repeatable. */
    @Override
    public void close() {
        try {
            process.destroyForcibly().waitFor();
            Runtime.getRuntime().removeShutdownHook(killAtExit);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
