package mqtt.resilient.summary;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** A file {@code TEST-….xml} below {@code target}, as Surefire and the tester of bnd write them. */
final class Report {
    /** In a module, or in one of cnf; below a directory of its own if the tests ran in a framework. */
    private static final Pattern WHERE = Pattern.compile(
            "(?:cnf/)?(?:mqtt\\.resilient\\.)?([^/]+)/target/[^/]+-reports/(?:([^/]+)/)?TEST-[^/]*\\.xml");
    /** A class that Surefire runs; those whose name begins with In are run in frameworks. */
    private static final Pattern TESTS = Pattern.compile(
            "((?:cnf/)?(?:mqtt\\.resilient\\.)?([^/]+))/src/test/java/((?:.*/)?(?!In[A-Z])[^/]+Test)\\.java");
    private static final int DEPTH = 5;
    private static final int LONGEST_WHY = 500;
    private static final String REASON = "Assumption failed: ";

    private final Path file;
    private final String suite;
    private final List<TestResult> tests = new ArrayList<>();

    private Report(Path file, String suite) {
        this.file = file;
        this.suite = suite;
    }

    /** Finds the reports of every module below a directory that were written at or after a time, and reads them. */
    static List<TestResult> all(Path root, long sinceMillis) throws IOException {
        List<Path> files;
        try (Stream<Path> found = Files.find(root, DEPTH, (path, attributes) -> attributes.isRegularFile()
                && attributes.lastModifiedTime().toMillis() >= sinceMillis
                && WHERE.matcher(name(root, path)).matches())) {
            files = found.sorted().toList();
        }
        List<TestResult> all = new ArrayList<>();
        for (Path file : files) {
            Matcher where = WHERE.matcher(name(root, file));
            where.matches();
            all.addAll(read(file, where.group(1) + (where.group(2) == null ? "" : "/" + where.group(2))));
        }
        return all;
    }

    /**
     * {@return the modules with test classes of which none has a report of at or after a time, and, of the other modules, the
     * classes that have none}
     */
    static List<String> missing(Path root, long sinceMillis) throws IOException {
        Map<String, List<String>> with = new TreeMap<>();
        Map<String, List<String>> without = new TreeMap<>();
        List<Path> sources;
        try (Stream<Path> found = Files.walk(root)) {
            sources = found.filter(path -> TESTS.matcher(name(root, path)).matches()).sorted().toList();
        }
        for (Path source : sources) {
            Matcher test = TESTS.matcher(name(root, source));
            if (test.matches() && Files.exists(root.resolve(test.group(1)).resolve("pom.xml")) && runsAlways(source)) {
                String type = test.group(3).replace('/', '.');
                boolean has = hasReport(root.resolve(test.group(1)).resolve("target").resolve("surefire-reports"), type,
                        sinceMillis);
                (has ? with : without).computeIfAbsent(test.group(2), module -> new ArrayList<>())
                        .add(test.group(2) + " " + type.substring(type.lastIndexOf('.') + 1));
            }
        }
        return without.entrySet().stream().flatMap(
                each -> with.containsKey(each.getKey()) ? each.getValue().stream() : Stream.of(each.getKey())).toList();
    }

    private static boolean runsAlways(Path source) throws IOException {
        String text = Files.readString(source);
        return !text.contains("abstract class " + source.getFileName().toString().replace(".java", ""))
                && !text.contains("\n@Tag(\"on-demand\")");
    }

    /** Of the class or of one that is nested in it. */
    private static boolean hasReport(Path directory, String type, long sinceMillis) throws IOException {
        if (!Files.exists(directory)) {
            return false;
        }
        try (Stream<Path> reports = Files.list(directory)) {
            return reports.anyMatch(
                    report -> report.getFileName().toString().matches("TEST-" + Pattern.quote(type) + "(\\$.*)?\\.xml")
                            && report.toFile().lastModified() >= sinceMillis);
        }
    }

    private static String name(Path root, Path path) {
        return root.relativize(path).toString().replace('\\', '/');
    }

    /** Reads one report; one that breaks off is a test that failed, as its JVM did. */
    static List<TestResult> read(Path file, String suite) throws IOException {
        Report report = new Report(file, suite);
        try (InputStream in = Files.newInputStream(file)) {
            XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
            factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
            report.read(factory.createXMLStreamReader(in));
        } catch (XMLStreamException e) {
            report.tests.add(new TestResult(suite, file.getFileName().toString(), "report", 0, TestResult.End.FAILED,
                    firstLine("it cannot be read: " + e.getMessage()), file));
        }
        return report.tests;
    }

    private void read(XMLStreamReader xml) throws XMLStreamException {
        String type = "";
        String name = "";
        double seconds = 0;
        TestResult.End end = TestResult.End.PASSED;
        String why = "";
        while (xml.hasNext()) {
            int event = xml.next();
            if (event == XMLStreamConstants.START_ELEMENT) {
                switch (xml.getLocalName()) {
                    case "testcase" -> {
                        type = attribute(xml, "classname");
                        name = attribute(xml, "name");
                        seconds = Double.parseDouble("0" + attribute(xml, "time").replace(",", ""));
                        end = TestResult.End.PASSED;
                        why = "";
                    }
                    case "failure", "error" -> {
                        end = TestResult.End.FAILED;
                        why = why(xml);
                    }
                    case "flakyFailure", "flakyError" -> why = firstLine(attribute(xml, "message"));
                    case "skipped" -> {
                        end = TestResult.End.SKIPPED;
                        why = why(xml);
                    }
                    default -> {} // properties and output
                }
            } else if (event == XMLStreamConstants.END_ELEMENT && xml.getLocalName().equals("testcase")) {
                tests.add(new TestResult(suite, type.substring(type.lastIndexOf('.') + 1), name, seconds, end, why,
                        log(type)));
            }
        }
    }

    private static String attribute(XMLStreamReader xml, String name) {
        String value = xml.getAttributeValue(null, name);
        return value == null ? "" : value;
    }

    private static String why(XMLStreamReader xml) throws XMLStreamException {
        String message = attribute(xml, "message");
        String why = firstLine(message.isBlank() ? xml.getElementText() : message);
        int reason = why.indexOf(REASON);
        return reason < 0 ? why : why.substring(reason + REASON.length());
    }

    private static String firstLine(String text) {
        String line = text.strip().lines().findFirst().orElse("");
        return line.length() > LONGEST_WHY ? line.substring(0, LONGEST_WHY) + "…" : line;
    }

    /** The output of a class has a file beside its report; the tests of a framework have one together. */
    private Path log(String type) {
        Path directory = file.toAbsolutePath().getParent();
        return Stream.of(directory.resolve(type + "-output.txt"),
                directory.getParent().resolveSibling("test-logs").resolve(directory.getFileName() + ".log"))
                .filter(Files::exists).findFirst().orElse(file);
    }
}
