package mqtt.resilient.impl.simulation;

import java.io.IOException;
import java.io.PrintStream;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import mqtt.resilient.impl.link.Storm;

/** Runs simulations by the thousand; {@code bin/simulate}. */
public final class Simulate {
    private static final int TRACE_LINES = 150;
    private static final int FAILURES_SHOWN = 20;

    private long from;
    private long seeds = -1;
    private boolean fresh;
    private String commit = "";
    private Seeds range = Seeds.from(1, 0);
    private double minutes;
    private Profile profile;
    private int threads = Runtime.getRuntime().availableProcessors();
    private Long replay;
    private int weeks;
    private int storm;
    private Path defects;
    private String defect = "";

    private final PrintStream out;
    private final AtomicLong next = new AtomicLong();
    private final AtomicLong passed = new AtomicLong();
    private final List<String> failures = new ArrayList<>();
    private final Statistics total = new Statistics();
    private final AtomicBoolean stop = new AtomicBoolean();

    private Simulate(PrintStream out) {
        this.out = out;
    }

    /** See {@code bin/simulate --help}. */
    public static void main(String[] arguments) throws InterruptedException, IOException {
        Simulate simulate = new Simulate(System.out);
        for (int i = 0; i < arguments.length; i += 2) {
            if (i + 1 == arguments.length) {
                throw new IllegalArgumentException(arguments[i] + " needs a value");
            }
            simulate.set(arguments[i], arguments[i + 1]);
        }
        System.exit(simulate.run() ? 0 : 1);
    }

    private void set(String option, String value) {
        switch (option) {
            case "--seeds" -> seeds = Long.parseLong(value);
            case "--fresh" -> {
                seeds = Long.parseLong(value);
                fresh = true;
            }
            case "--commit" -> commit = value;
            case "--from" -> from = Long.parseLong(value);
            case "--minutes" -> minutes = Double.parseDouble(value);
            case "--profile" -> profile = Profile.named(value);
            case "--threads" -> threads = Integer.parseInt(value);
            case "--weeks" -> weeks = Integer.parseInt(value);
            case "--defects" -> defects = Path.of(value);
            case "--defect" -> defect = value;
            case "--storm" -> storm = Integer.parseInt(value);
            case "--replay" -> replay = Long.parseLong(value);
            default -> throw new IllegalArgumentException(option + " is not an option; see --help");
        }
    }

    /** The scenario of a seed: its profile is the one asked for, or they take turns. */
    static Scenario scenario(long seed, Profile profile) {
        Profile[] all = Profile.values();
        return Scenario.of(seed, profile == null ? all[(int) Math.floorMod(seed, (long) all.length)] : profile);
    }

    /** Runs one simulation; what is violated, null = nothing. For {@link Defect}, which loads this class once more. */
    public static String find(String profile, long seed) {
        try {
            new Simulation(Scenario.of(seed, Profile.named(profile)), Trace.off()).run();
            return null;
        } catch (Violation e) {
            return e.getMessage();
        }
    }

    private boolean run() throws InterruptedException, IOException {
        if (storm > 0) {
            Storm.table(storm, out);
            return true;
        }
        if (replay != null) {
            return replay(scenario(replay, profile), Trace.to(out::println));
        }
        if (weeks > 0) {
            return replay(Scenario.days(Math.max(1, from), 7 * weeks), Trace.off());
        }
        if (defects != null) {
            return findDefects();
        }
        if (seeds < 0) {
            seeds = minutes > 0 ? Long.MAX_VALUE / 4 : 1000;
        }
        long now = System.currentTimeMillis() / 1000;
        range = fresh ? Seeds.fresh(seeds, now) : from != 0 || minutes > 0 ? Seeds.from(Math.max(1, from), seeds)
                : Seeds.halfMoving(seeds, commit, now);
        if (minutes == 0) {
            out.println(range);
        }
        long begin = System.nanoTime();
        long end = minutes > 0 ? begin + (long) (minutes * 60e9) : Long.MAX_VALUE;
        List<Thread> workers = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            Thread worker = new Thread(() -> work(end), "simulation-" + i);
            worker.start();
            workers.add(worker);
        }
        for (Thread worker : workers) {
            for (worker.join(10_000); worker.isAlive(); worker.join(10_000)) {
                progress(begin);
            }
        }
        progress(begin);
        failures.stream().limit(FAILURES_SHOWN).forEach(out::println);
        long done = passed.get() + failures.size();
        boolean whole = minutes > 0 || stop.get() || done == seeds;
        if (!whole) {
            out.println("only " + done + " of " + seeds + " seeds were run");
        }
        out.println(passed.get() + " passed, " + failures.size() + " failed");
        return failures.isEmpty() && whole;
    }

    private void progress(long begin) {
        double seconds = (System.nanoTime() - begin) / 1e9;
        synchronized (total) {
            out.printf("%.0f s: %d passed, %d failed; %.0f virtual hours in a minute; %s%n", seconds, passed.get(),
                    failures.size(), total.nanos / 3600e9 / seconds * 60, total);
        }
    }

    private void work(long end) {
        for (long i = next.getAndIncrement(); i < seeds && System.nanoTime() < end
                && !stop.get(); i = next.getAndIncrement()) {
            Scenario scenario = scenario(range.seed(i), profile);
            try {
                Statistics statistics = new Simulation(scenario, Trace.off()).run();
                passed.incrementAndGet();
                synchronized (total) {
                    total.add(statistics);
                }
            } catch (Throwable e) { // whatever it is, it is a failure
                synchronized (total) {
                    failures.add(report(scenario, e));
                    stop.set(failures.size() >= 20);
                }
            }
        }
    }

    /** What went wrong, and the last lines before it, from a second run. */
    private static String report(Scenario scenario, Throwable violation) {
        Trace trace = Trace.last(TRACE_LINES);
        String second = "";
        try {
            new Simulation(scenario, trace).run();
            second = "A second run of it passes: the simulation is not deterministic.\n";
        } catch (Throwable e) {
            if (!String.valueOf(e.getMessage()).equals(String.valueOf(violation.getMessage()))) {
                second = "A second run of it ends otherwise: " + e.getMessage() + "\n";
            }
        }
        StringBuilder report = new StringBuilder(
                "\nFAILED seed " + scenario.seed() + ", profile " + scenario.profile() + "\n"
                        + violation.getMessage() + "\n" + second + scenario + "\n\n");
        trace.lines().forEach(line -> report.append(line).append('\n'));
        if (violation.getCause() != null) {
            report.append(stack(violation.getCause()));
        }
        return report + violation.getMessage() + "\nreplay: bin/simulate --profile " + scenario.profile() + " --replay "
                + scenario.seed() + "\n";
    }

    private static String stack(Throwable error) {
        StringBuilder text = new StringBuilder(error.toString()).append('\n');
        for (StackTraceElement element : error.getStackTrace()) {
            text.append("    ").append(element).append('\n');
        }
        return text.toString();
    }

    private boolean replay(Scenario scenario, Trace trace) {
        out.println(scenario);
        long begin = System.nanoTime();
        try {
            Statistics statistics = new Simulation(scenario, trace).run();
            out.printf("%s; %d s of real time%n", statistics, (System.nanoTime() - begin) / Timeline.SECOND);
            out.println("1 passed, 0 failed");
            return true;
        } catch (Violation e) {
            out.println(e.getCause() == null ? e.getMessage() : e.getMessage() + "\n" + stack(e.getCause()));
            out.println("0 passed, 1 failed");
            return false;
        }
    }

    /** Looks for the first seed, from the first one on, that shows each of the {@link Defects}. */
    private boolean findDefects() throws IOException {
        long most = seeds < 0 ? 5000 : seeds;
        int missed = 0;
        if (from == 0) {
            from = 1_000_000; // fresh ones
        }
        List<Defect> wanted = Defects.ALL.stream().filter(each -> defect.isEmpty() || each.name().equals(defect))
                .toList();
        if (wanted.isEmpty()) {
            throw new IllegalArgumentException(defect + " is not a defect; there are "
                    + Defects.ALL.stream().map(Defect::name).toList());
        }
        for (Defect each : wanted) {
            Path work = Files.createTempDirectory("defect");
            try (URLClassLoader loader = each.load(defects, work)) {
                String found = null;
                for (long i = 0; i < most && found == null; i++) {
                    Scenario scenario = scenario(from + i, profile);
                    found = Defect.find(loader, scenario.profile().toString(), scenario.seed());
                    if (found != null && find(scenario.profile().toString(), scenario.seed()) != null) {
                        out.println(
                                "# seed " + scenario.seed() + " of " + scenario.profile() + " fails without a defect");
                        found = null;
                    }
                    if (found != null) {
                        out.println(each.name() + " = " + scenario.profile() + " " + scenario.seed() + "   # after "
                                + (i + 1) + ": "
                                + found);
                    }
                }
                if (found == null) {
                    missed++;
                    out.println("# " + each.name() + " was not found within " + most + " seeds");
                }
            }
        }
        out.println((wanted.size() - missed) + " passed, " + missed + " failed");
        return missed == 0;
    }
}
