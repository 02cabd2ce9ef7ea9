package mqtt.resilient.summary;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import mqtt.resilient.summary.TestResult.End;

/**
 * Counts the tests of a build from their reports, and says what failed and where its output is.
 *
 * <p>{@code --at-end DIRECTORY}: run by Maven in its own JVM; the summary is printed when that ends, so that it is the last
 * line however the build went. {@code [--slowest N] [--also "N passed, M failed"] [--failed WHAT] DIRECTORY}: printed now, with
 * the results of further programs, and with what else failed, which counts as one if nothing that is counted did; exits with
 * 1 if anything failed or nothing ran.
 */
public final class Summary {
    private static final Pattern COUNTS = Pattern.compile("(\\d+) passed, (\\d+) failed");
    /** Arguments of Maven by which not all tests are to run. */
    private static final Pattern SELECTION = Pattern.compile(
            "-(pl|rf|P|-projects|-resume-from|-activate-profiles|Dtest|Dgroups|D.*skip).*");

    private final List<TestResult> all;
    private final List<TestResult> failed;
    private final List<TestResult> skipped;

    Summary(List<TestResult> results) {
        Set<String> ran = results.stream().filter(each -> each.end() != End.SKIPPED).map(TestResult::id)
                .collect(Collectors.toSet());
        // What was skipped here and ran there, where its program is or in another framework, was not skipped.
        all = results.stream().filter(each -> each.end() != End.SKIPPED || !ran.contains(each.id())).toList();
        failed = all.stream().filter(each -> each.end() == End.FAILED).toList();
        skipped = all.stream().filter(each -> each.end() == End.SKIPPED).toList();
    }

    /**
     * See above.
     *
     * @param arguments see above; {@code --since MILLISECONDS} is what {@code --at-end} makes of itself: no older reports,
     * and {@code --whole} after it if Maven was to run all tests
     * @throws IOException if a report cannot be read
     */
    public static void main(String[] arguments) throws IOException {
        Path root = Path.of(arguments[arguments.length - 1]);
        if (arguments[0].equals("--at-end")) {
            atEnd(root);
            return;
        }
        if (arguments[0].equals("--since")) {
            long sinceMillis = Long.parseLong(arguments[1]);
            List<String> missing = arguments[2].equals("--whole") ? Report.missing(root, sinceMillis) : null;
            new Summary(Report.all(root, sinceMillis)).lines(root, missing).forEach(System.out::println);
            return;
        }
        int slowest = 0;
        int passedAlso = 0;
        int failedAlso = 0;
        String failedElse = "";
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            Matcher counts = COUNTS.matcher(arguments[i + 1]);
            if (arguments[i].equals("--slowest")) {
                slowest = Integer.parseInt(arguments[i + 1]);
            } else if (arguments[i].equals("--also") && counts.matches()) {
                passedAlso += Integer.parseInt(counts.group(1));
                failedAlso += Integer.parseInt(counts.group(2));
            } else if (arguments[i].equals("--failed")) {
                failedElse = arguments[i + 1];
            } else {
                throw new IllegalArgumentException(arguments[i] + " " + arguments[i + 1]);
            }
        }
        Summary summary = new Summary(Report.all(root, 0));
        System.out.println("The slowest classes:");
        summary.slowest(slowest).forEach(System.out::println);
        summary.skipped.forEach(each -> System.out.println("skipped: " + each.line()));
        summary.secondAttempts().forEach(System.out::println);
        summary.failures().forEach(System.out::println);
        if (!failedElse.isEmpty()) {
            System.out.println("failed: " + failedElse);
            failedAlso += summary.failed.isEmpty() && failedAlso == 0 ? 1 : 0;
        }
        System.out.println(summary.counts(passedAlso, failedAlso));
        System.exit(summary.failed.isEmpty() && failedAlso == 0 && !summary.all.isEmpty() ? 0 : 1);
    }

    /** Prints in a process of its own: Maven has closed the loader of this class by then. */
    private static void atEnd(Path root) {
        String classes = Path
                .of(URI.create(Summary.class.getProtectionDomain().getCodeSource().getLocation().toString()))
                .toString();
        List<String> maven = List.of(System.getProperty("sun.java.command", "").split(" "));
        boolean isWhole = maven.contains("verify")
                && maven.stream().noneMatch(each -> SELECTION.matcher(each).matches());
        ProcessBuilder print = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp", classes,
                Summary.class.getName(), "--since", String.valueOf(ManagementFactory.getRuntimeMXBean().getStartTime()),
                isWhole ? "--whole" : "--selected", root.toString()).inheritIO();
        ThreadGroup plugins = Thread.currentThread().getThreadGroup(); // ends with this execution of the plugin
        Runtime.getRuntime().addShutdownHook(new Thread(plugins.getParent(), () -> {
            try {
                print.start().waitFor();
            } catch (IOException e) {
                System.err.println("The tests cannot be counted: " + e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, "test-summary"));
    }

    /**
     * {@return what failed, and the line with the counts; nothing if no test ran}
     *
     * @param missing what should have run and has no report; null if not all tests were to run
     */
    List<String> lines(Path root, List<String> missing) throws IOException {
        List<String> lines = new ArrayList<>(failures());
        if (!all.isEmpty()) {
            Path reasons = root.resolve("target").resolve("skipped-tests.txt");
            if (!skipped.isEmpty()) {
                Files.createDirectories(reasons.getParent());
                Files.write(reasons, skipped.stream().map(TestResult::line).toList());
            }
            if (missing != null && !missing.isEmpty()) {
                lines.add("no reports: " + String.join(", ", missing));
                lines.add("THE BUILD DID NOT RUN ALL TESTS; of those that it ran: " + counts(0, 0));
                return lines;
            }
            String which = missing != null ? "" : all.stream().map(TestResult::module).distinct()
                    .collect(Collectors.joining(", ", " of ", ""));
            lines.add(all.size() + " tests" + which + ": " + counts(0, 0)
                    + (skipped.isEmpty() ? ", 0 skipped" : " (why: " + root.relativize(reasons) + ")"));
        }
        return lines;
    }

    private String counts(int passedAlso, int failedAlso) {
        return (all.size() - failed.size() - skipped.size() + passedAlso) + " passed, " + (failed.size() + failedAlso)
                + " failed"
                + (skipped.isEmpty() ? "" : ", " + skipped.size() + " skipped");
    }

    /** {@return two lines for each test that failed} */
    List<String> failures() {
        List<String> lines = new ArrayList<>();
        for (TestResult each : failed) {
            lines.add("failed: " + each.line());
            lines.add("        its output is in " + each.log());
        }
        return lines;
    }

    /** {@return a line for each test that failed at first} */
    List<String> secondAttempts() {
        return all.stream().filter(each -> each.end() == End.PASSED && !each.why().isEmpty())
                .map(each -> "passed in the second attempt only: " + each.line()).toList();
    }

    /** {@return the classes that took longest, in each place where they ran} */
    List<String> slowest(int number) {
        Map<String, List<TestResult>> classes = all.stream().collect(Collectors.groupingBy(
                each -> each.suite() + " " + each.type(), LinkedHashMap::new, Collectors.toList()));
        Map<String, Double> seconds = new LinkedHashMap<>();
        classes.forEach((name, tests) -> seconds.put(name, tests.stream().mapToDouble(TestResult::seconds).sum()));
        return seconds.entrySet().stream().sorted(Comparator.comparing(entry -> -entry.getValue())).limit(number)
                .map(entry -> String.format(Locale.ROOT, "%6.1f s  %s, %d tests", entry.getValue(), entry.getKey(),
                        classes.get(entry.getKey()).size()))
                .toList();
    }
}
