package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/**
 * The tests of the bundle mqtt.resilient.itest (or mqtt.resilient.itest.kura) inside a framework, in a process of its
 * own that the launcher of the demo starts. Its output is in {@code target/test-logs}, its report in
 * {@code target/test-reports}.
 */
abstract class FrameworkRun {
    /** For somebody who works on them: classes, or classes and methods with a colon between, with commas. */
    private static final String ONLY = "framework.tests";
    private static final Duration LIMIT = Duration.ofMinutes(20);
    private static final long DUMP_SECONDS = 10;
    private static final long END_SECONDS = 30;
    private static final Path ROOT = GuidePage.root();
    private static final Path TARGET = ROOT.resolve("mqtt.resilient.itest/target");
    /** Where the bundles for Kura and its frameworks are. */
    static final Path PLATFORM = TARGET.resolve("kura-platform");
    static final Path EQUINOX = PLATFORM.resolve("org.eclipse.osgi-3.16.0.jar");
    static final Path FELIX = ROOT.resolve("mqtt.resilient.demo/target/framework");

    private final String name;
    private final String bundles;
    private final Path framework;
    private final Map<String, String> properties;

    /**
     * Describes a run.
     *
     * @param name of the file {@code cnf/<name>.bndrun} that the bundles were resolved from
     * @param framework a jar, or a directory of jars
     * @param properties of the framework, beside those that all have
     */
    FrameworkRun(String name, Path framework, Map<String, String> properties) {
        this(name, name, framework, properties);
    }

    /** As above, with the bundles of another run. */
    FrameworkRun(String name, String bundles, Path framework, Map<String, String> properties) {
        this.name = name;
        this.bundles = bundles;
        this.framework = framework;
        this.properties = properties;
    }

    /** The properties of a framework with the shell and HTTP on any free port, and which tests are run. */
    static Map<String, String> console(String tests) {
        return Map.of("tester.names", tests, "gosh.args", "--nointeractive", "org.osgi.service.http.port", "0",
                "org.apache.felix.http.host", "127.0.0.1");
    }

    @Test
    void allTestsPassInside() throws Exception {
        String run = name + System.getProperty("frameworks.suffix", "");
        Path log = Files.createDirectories(TARGET.resolve("test-logs")).resolve(run + ".log");
        Path reports = TARGET.resolve("test-reports").resolve(run);
        Path directory = TARGET.resolve("frameworks").resolve(run);
        delete(reports);
        delete(directory);
        Files.createDirectories(directory);

        Process process = new ProcessBuilder(command(directory, reports)).directory(directory.toFile())
                .redirectErrorStream(true).redirectOutput(log.toFile()).start();
        boolean ended;
        try {
            process.getOutputStream().close();
            ended = process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
            if (!ended) {
                dumpThreads(process);
            }
        } finally {
            end(process);
        }
        if (!ended) {
            fail(name + " had not ended after " + LIMIT.toMinutes() + " min; its threads are at the end of " + log);
        }
        check(reports, log);
        assertEquals(0, process.exitValue(), () -> name + ": exit status; see " + log);
    }

    private List<String> command(Path directory, Path reports) {
        Map<String, String> all = new HashMap<>(Map.of(
                "org.osgi.framework.storage", directory.resolve("storage").toString(),
                "itest.broker.directory", ROOT.resolve("mqtt.resilient.demo/target/broker").toString(),
                "itest.brokers.directory", ROOT.resolve("mqtt.resilient.brokers/target/broker").toString(),
                "org.slf4j.simpleLogger.defaultLogLevel", "warn",
                "launcher.parent", String.valueOf(ProcessHandle.current().pid()),
                "tester.dir", reports.toString(),
                "launch.services", "true", // the tester gives its Runnable to the launcher,
                "aQute.throw.error.on.exit", "true")); // and tells it the end by an Error
        all.putAll(properties);
        if (System.getProperty(ONLY) != null) {
            all.put("tester.names", System.getProperty(ONLY));
        }
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        all.forEach((key, value) -> command.add("-D" + key + "=" + value));
        String jars = Files.isDirectory(framework) ? framework + "/*" : framework.toString();
        command.addAll(List.of("-cp", ROOT.resolve("mqtt.resilient.demo/target/launcher") + "/*:" + jars,
                "mqtt.resilient.demo.launcher.Launcher", TARGET.resolve("export").resolve(bundles).toString()));
        return command;
    }

    private static void check(Path reports, Path log) throws IOException, ParserConfigurationException, SAXException {
        int ran = 0;
        List<String> failed = new ArrayList<>();
        for (Path report : reports(reports)) {
            Document document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(report.toFile());
            NodeList tests = document.getElementsByTagName("testcase");
            for (int i = 0; i < tests.getLength(); i++) {
                Element test = (Element) tests.item(i);
                ran++;
                if (test.getElementsByTagName("failure").getLength()
                        + test.getElementsByTagName("error").getLength() > 0) {
                    failed.add(test.getAttribute("classname") + "." + test.getAttribute("name"));
                }
            }
        }
        if (ran == 0) {
            fail("no test ran; see " + log);
        }
        if (!failed.isEmpty()) {
            fail(failed.size() + " of " + ran + " tests failed; see " + log + ": " + String.join(", ", failed));
        }
    }

    private static List<Path> reports(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().matches("TEST-.*\\.xml")).toList();
        }
    }

    /** A JVM that gets SIGQUIT prints the stacks of its threads. */
    private static void dumpThreads(Process process) throws IOException, InterruptedException {
        new ProcessBuilder("sh", "-c", "kill -QUIT " + process.pid()).start().waitFor();
        process.waitFor(DUMP_SECONDS, TimeUnit.SECONDS);
    }

    private static void end(Process process) throws InterruptedException {
        List<ProcessHandle> started = process.descendants().toList();
        process.destroy();
        if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        started.forEach(ProcessHandle::destroyForcibly);
    }

    private static void delete(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
