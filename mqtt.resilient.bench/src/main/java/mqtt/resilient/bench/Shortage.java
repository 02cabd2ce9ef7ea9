package mqtt.resilient.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Takes something away from a process that publishes and subscribes, for some seconds: its heap, which other code of
 * the process fills, or threads, of which the system gives it no more. Afterwards everything that was accepted must
 * be settled, and the client must be as it was. {@link ShortageChild} is that process; the broker has one of its
 * own.
 */
public final class Shortage implements AutoCloseable {
    private static final String HEAP = "-Xmx64m";
    private static final int FIRST_USER = 40_000;
    private static final int USERS = 20_000;
    private static final String MANY_THREADS = "1000";
    private static final int LATEST_MILLIS = 2000;
    private static final long SHORT_MILLIS = 6000;
    private static final long LIMIT_SECONDS = 240;

    /** What is taken away. */
    public enum Kind {
        HEAP, THREADS
    }

    private final Path directory = Files.createTempDirectory("shortage");
    private final BrokerProcess broker;
    private final SplittableRandom random;
    private int rounds;

    /** Starts a broker. */
    public Shortage(long seed) throws IOException {
        broker = BrokerProcess.real(directory);
        random = new SplittableRandom(seed);
    }

    /** Why threads cannot be taken away from a process here; null = they can. */
    public static String whyNoThreads() {
        if (!"root".equals(System.getProperty("user.name"))) {
            return "only root can start a process as another user and lower its limits";
        }
        for (String program : List.of("setpriv", "prlimit")) {
            if (Stream.of(System.getenv("PATH").split(":"))
                    .noneMatch(each -> Files.isExecutable(Path.of(each, program)))) {
                return program + " (util-linux) is not there";
            }
        }
        try {
            Process process = new ProcessBuilder(asUser(FIRST_USER, "true")).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes());
            return process.waitFor() == 0 ? null : "setpriv: " + said.strip();
        } catch (IOException e) {
            return e.toString();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return e.toString();
        }
    }

    /** As a user without any other process, for the limit counts the threads of a user, that can read what root can. */
    private static List<String> asUser(int user, String... command) {
        List<String> all = new ArrayList<>(List.of("setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups",
                "--inh-caps=+dac_override", "--ambient-caps=+dac_override"));
        all.addAll(List.of(command));
        return all;
    }

    /** One shortage; what is wrong after it, empty = nothing. */
    public List<String> round(Kind kind) throws IOException, InterruptedException {
        Path place = directory.resolve("round-" + ++rounds);
        String[] command = { System.getProperty("java.home") + "/bin/java", HEAP,
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp",
            System.getProperty("java.class.path"), ShortageChild.class.getName(), "mqtt://localhost:" + broker.port(),
            place.toString(), kind.name() };
        Path log = directory.resolve("round-" + rounds + ".log");
        int user = FIRST_USER + random.nextInt(USERS);
        Process child = new ProcessBuilder(kind == Kind.HEAP ? List.of(command) : asUser(user, command))
                .redirectError(log.toFile()).start();
        Thread guard = new Thread(() -> killLate(child), "guard");
        guard.setDaemon(true);
        guard.start();
        List<String> faults = new ArrayList<>();
        try (PrintStream to = new PrintStream(child.getOutputStream(), true);
                BufferedReader from = child.inputReader()) {
            expect("ready", from, faults);
            Thread.sleep(random.nextInt(LATEST_MILLIS));
            if (kind == Kind.HEAP) {
                to.println("fill " + SHORT_MILLIS + " " + random.nextLong());
            } else {
                limitThreads(child, user, "1");
                to.println("short");
                expect("short", from, faults);
                Thread.sleep(SHORT_MILLIS);
                limitThreads(child, user, MANY_THREADS);
                to.println("free");
            }
            expect("settled", from, faults);
            broker.kill();
            to.println("killed");
            expect("noticed", from, faults);
            broker.restart();
            to.println("back");
            expect("works", from, faults);
            expect("opened again", from, faults);
        } finally {
            child.destroyForcibly().waitFor();
        }
        if (!faults.isEmpty()) {
            Files.readAllLines(log).stream().limit(200).forEach(System.out::println);
        }
        return faults;
    }

    /** Sets the lower limit, which can be raised again, as the user that has it: that needs no further right. */
    private static void limitThreads(Process child, int user, String most) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                asUser(user, "prlimit", "--pid", String.valueOf(child.pid()), "--nproc=" + most + ":"))
                .redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes());
        if (process.waitFor() != 0) {
            throw new IOException("prlimit: " + said);
        }
    }

    private static void killLate(Process child) {
        try {
            if (!child.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                child.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Reads until the child has said this, or has ended; everything else that it says is a fault, unless it is only
     * told.
     */
    private static void expect(String words, BufferedReader from, List<String> faults) {
        String line = read(from);
        while (line != null && !line.startsWith(words)) {
            if (line.startsWith("told ")) {
                System.out.println(line);
            } else if (!line.startsWith("[")) { // the JVM's own warnings of threads that it could not start
                faults.add(line);
            }
            line = read(from);
        }
        if (line == null) {
            faults.add("the process ended, or hung, before it said: " + words);
        } else {
            System.out.println(line);
        }
    }

    private static String read(BufferedReader from) {
        try {
            return from.readLine();
        } catch (IOException e) { // it was killed
            return null;
        }
    }

    @Override
    public void close() {
        broker.close();
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Arguments: {@code --heap N}, {@code --threads N}, {@code --seed S}. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        int heap = Integer.parseInt(option(arguments, "--heap", "0"));
        int threads = Integer.parseInt(option(arguments, "--threads", "0"));
        long seed = Long.parseLong(option(arguments, "--seed", String.valueOf(System.nanoTime())));
        String why = threads > 0 ? whyNoThreads() : null;
        if (why != null) {
            System.out.println("threads cannot be taken away here: " + why);
            System.exit(2);
        }
        int failed = 0;
        try (Shortage shortage = new Shortage(seed)) {
            for (int round = 1; round <= heap + threads; round++) {
                Kind kind = round <= heap ? Kind.HEAP : Kind.THREADS;
                System.out.println("round " + round + " of " + (heap + threads) + ": " + kind);
                List<String> faults = shortage.round(kind);
                failed += faults.isEmpty() ? 0 : 1;
                faults.stream().limit(20).forEach(fault -> System.out.println("fault: " + fault));
            }
        }
        System.out.println((heap + threads - failed) + " passed, " + failed + " failed");
        System.exit(failed == 0 ? 0 : 1);
    }

    private static String option(String[] arguments, String name, String otherwise) {
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            if (arguments[i].equals(name)) {
                return arguments[i + 1];
            }
        }
        return otherwise;
    }
}
