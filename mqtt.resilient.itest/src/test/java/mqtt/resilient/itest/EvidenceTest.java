package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What docs/why.md, docs/brokers.md and SECURITY.md name as evidence is there: test classes and methods, faults,
 * defects, promises and files.
 */
class EvidenceTest {
    private static final Pattern TEST = Pattern.compile("`((?:[a-z0-9]+\\.)*[A-Z]\\w*Test)(?:\\.(\\w+))?`");
    private static final Pattern FAULT = Pattern.compile("`Fault\\.(\\w+)`");
    private static final Pattern DEFECT = Pattern.compile("`defect ([^`]*)`");
    private static final Pattern PROMISE = Pattern.compile("`promise ([^`]*)`");
    private static final Pattern FILE = Pattern.compile("`((?:bin|docs|cnf|mqtt\\.resilient\\.\\w+)/[^`\\s]*)[^`]*`");
    private static final Pattern METHOD = Pattern
            .compile("(?m)^    @(?:Test|Property|ParameterizedTest|RepeatedTest)\\b"
                    + "[\\s\\S]*?\\bvoid (\\w+)\\(");
    private static final String SIMULATION = "mqtt.resilient.impl/src/test/java/mqtt/resilient/impl/simulation/";

    private final String pages = GuidePage.of("docs/why.md").text() + GuidePage.of("docs/brokers.md").text()
            + GuidePage.of("SECURITY.md").text();

    EvidenceTest() throws IOException {
    }

    private static String source(String file) throws IOException {
        return Files.readString(GuidePage.root().resolve(file));
    }

    private List<MatchResult> named(Pattern pattern, int atLeast) {
        List<MatchResult> all = pattern.matcher(pages).results().toList();
        assertTrue(all.size() >= atLeast, () -> pattern + " is found " + all.size() + " times");
        return all;
    }

    private Set<String> missing(Pattern pattern, int atLeast, Predicate<String> isThere) {
        Set<String> missing = new TreeSet<>();
        named(pattern, atLeast).stream().map(each -> each.group(1)).filter(isThere.negate()).forEach(missing::add);
        return missing;
    }

    @Test
    void everyTestThatIsNamedIsThere() throws IOException {
        List<Path> sources = new ArrayList<>();
        for (String module : GuidePage.of("pom.xml").text().lines().filter(line -> line.contains("<module>"))
                .map(line -> line.replaceAll("</?module>", "").strip()).toList()) {
            for (String directory : List.of("src/main/java", "src/test/java")) {
                Path tests = GuidePage.root().resolve(module).resolve(directory);
                if (Files.isDirectory(tests)) {
                    try (Stream<Path> files = Files.walk(tests)) {
                        files.filter(file -> file.toString().endsWith("Test.java")).forEach(sources::add);
                    }
                }
            }
        }
        Set<String> missing = new TreeSet<>();
        for (MatchResult test : named(TEST, 50)) {
            Path file = Path.of(test.group(1).replace('.', '/') + ".java");
            boolean found = false;
            for (Path source : sources) {
                if (source.endsWith(file)) {
                    String text = Files.readString(source);
                    found |= test.group(2) == null
                            || METHOD.matcher(text).results().anyMatch(method -> method.group(1).equals(test.group(2)));
                }
            }
            if (!found) {
                missing.add(test.group());
            }
        }
        assertEquals(Set.of(), missing);
    }

    @Test
    void everyFaultDefectAndPromiseOfTheSimulatorThatIsNamedIsThere() throws IOException {
        String faults = source(SIMULATION + "Fault.java");
        assertEquals(Set.of(), missing(FAULT, 5, fault -> faults.contains("\n    " + fault + ",")));
        String defects = source(SIMULATION + "Defects.java");
        assertEquals(Set.of(), missing(DEFECT, 10, defect -> defects.contains("new Defect(\"" + defect + "\"")));
        String promises = GuidePage.of("docs/reliability.md").text();
        assertEquals(Set.of(), missing(PROMISE, 3, promise -> promises.contains("\n| " + promise + " |")));
    }

    @Test
    void everyFileThatIsNamedIsThere() {
        assertEquals(Set.of(), missing(FILE, 2, file -> Files.exists(GuidePage.root().resolve(file))));
    }
}
