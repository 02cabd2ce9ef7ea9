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
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** A program in a process of its own that listens on loopback; killed when it is closed and when the JVM ends. */
final class Program implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final int CONNECT_MILLIS = 500;

    private final Path log;
    private final Process process;
    private final Thread killAtExit;

    /**
     * Starts a program and returns when it takes connections on a port.
     *
     * @param log where its output goes
     */
    Program(List<String> command, int port, Path log) {
        this(command, Map.of(), log);
        await(command.get(0) + " takes connections on port " + port, () -> connects(port), START_LIMIT);
    }

    /**
     * Starts a program, and does not wait for it.
     *
     * @param environment is added to that of this process
     * @param log where its output goes
     */
    Program(List<String> command, Map<String, String> environment, Path log) {
        this.log = log;
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        killAtExit = new Thread(process::destroyForcibly, "itest-program-kill");
        Runtime.getRuntime().addShutdownHook(killAtExit);
    }

    /** Waits for something that the program does. If it ends, or takes too long, it is killed and its log shown. */
    void await(String description, BooleanSupplier condition, Duration limit) {
        try {
            Await.until(description, () -> !process.isAlive() || condition.getAsBoolean(), limit);
            if (!process.isAlive()) {
                throw new AssertionError("the program ended with " + process.exitValue() + " before: " + description);
            }
        } catch (AssertionError e) {
            close();
            throw new AssertionError(e.getMessage() + "\n" + read(log), e);
        }
    }

    /** Waits until the program has ended by itself, with 0. */
    void awaitEnd(Duration limit) {
        try {
            Await.until("the end of the program", () -> !process.isAlive(), limit);
            if (process.exitValue() != 0) {
                throw new AssertionError("the program ended with " + process.exitValue());
            }
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "\n" + read(log), e);
        } finally {
            close();
        }
    }

    /** Sends a signal, such as STOP. */
    void signal(String name) throws IOException, InterruptedException {
        int exit = new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor();
        if (exit != 0) {
            throw new AssertionError("kill -" + name + " ended with " + exit);
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
