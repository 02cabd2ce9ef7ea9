package mqtt.resilient.impl;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.github.javaparser.JavaParser;
import com.github.javaparser.JavaToken;
import com.github.javaparser.ParseResult;
import com.github.javaparser.ParserConfiguration;
import com.github.javaparser.ast.CompilationUnit;
import com.github.javaparser.ast.ImportDeclaration;
import com.github.javaparser.ast.Node;
import com.github.javaparser.ast.body.CallableDeclaration;
import com.github.javaparser.ast.body.FieldDeclaration;
import com.github.javaparser.ast.body.TypeDeclaration;
import com.github.javaparser.ast.expr.BinaryExpr;
import com.github.javaparser.ast.expr.ConditionalExpr;
import com.github.javaparser.ast.stmt.CatchClause;
import com.github.javaparser.ast.stmt.DoStmt;
import com.github.javaparser.ast.stmt.ForEachStmt;
import com.github.javaparser.ast.stmt.ForStmt;
import com.github.javaparser.ast.stmt.IfStmt;
import com.github.javaparser.ast.stmt.SwitchEntry;
import com.github.javaparser.ast.stmt.WhileStmt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What is measured of the code of api, impl and v5 can only fall: {@code cnf/house.properties} has the highest value
 * that each measure may have. {@code -Dhouse.lower} writes a value that has fallen there; a higher one is a change by
 * hand.
 */
class HouseTest {
    private static final Path ROOT = Path.of(System.getProperty("basedir", ".")).toAbsolutePath().getParent()
            .normalize();
    private static final Path CEILINGS = ROOT.resolve("cnf/house.properties");
    private static final Pattern CEILING = Pattern.compile("(?m)^([a-z.]+) = (\\d+)$");
    private static final String LOWER = "mvn -q -pl mqtt.resilient.impl -am test -Dtest=HouseTest "
            + "-Dsurefire.failIfNoSpecifiedTests=false -Dhouse.lower";
    /** In percent of the ceiling: what a value may have fallen before the ceiling has to follow. */
    private static final int SLACK = 2;
    private static final int MOST_COMPLEXITY = 15;
    private static final int MOST_LINES = 400;
    private static final int MOST_COLUMNS = 120;

    /** Something in the code, and what was measured of it. */
    private record Place(String name, int value) {
    }

    /** A parsed file of the code that is delivered. */
    private record Source(String name, CompilationUnit unit) {
        /** Lines that hold more than comments and imports. */
        int linesOfCode() {
            Set<Integer> lines = new TreeSet<>();
            for (JavaToken token : unit.getTokenRange().orElseThrow()) {
                if (!token.getCategory().isWhitespaceOrComment() && token.getKind() != JavaToken.Kind.EOF.getKind()) {
                    token.getRange().ifPresent(range -> {
                        for (int line = range.begin.line; line <= range.end.line; line++) {
                            lines.add(line);
                        }
                    });
                }
            }
            for (ImportDeclaration each : unit.getImports()) {
                lines.remove(each.getRange().orElseThrow().begin.line);
            }
            return lines.size();
        }

        /** Of each class, without those inside it. */
        List<Place> mutableFields() {
            return unit.findAll(TypeDeclaration.class).stream().map(each -> (TypeDeclaration<?>) each)
                    .map(type -> new Place(name + " " + type.getNameAsString(), type.getFields().stream()
                            .filter(field -> !isConstant(type, field))
                            .mapToInt(field -> field.getVariables().size()).sum()))
                    .toList();
        }

        private static boolean isConstant(TypeDeclaration<?> type, FieldDeclaration field) {
            return field.isFinal()
                    || type.isClassOrInterfaceDeclaration() && type.asClassOrInterfaceDeclaration().isInterface();
        }

        /** McCabe's: one more than there are decisions; a lambda or anonymous class counts where it stands. */
        List<Place> complexity() {
            List<Place> methods = new ArrayList<>();
            for (CallableDeclaration<?> method : unit.findAll(CallableDeclaration.class).stream()
                    .map(each -> (CallableDeclaration<?>) each).toList()) {
                methods.add(new Place(name + " " + method.getNameAsString(), 1 + method.findAll(Node.class).stream()
                        .mapToInt(HouseTest::decisions).sum()));
            }
            return methods;
        }
    }

    private static int decisions(Node node) {
        if (node instanceof SwitchEntry entry) {
            return entry.getLabels().size();
        }
        if (node instanceof BinaryExpr expression) {
            return Set.of(BinaryExpr.Operator.AND, BinaryExpr.Operator.OR).contains(expression.getOperator()) ? 1 : 0;
        }
        return node instanceof IfStmt || node instanceof ConditionalExpr || node instanceof CatchClause
                || node instanceof ForStmt || node instanceof ForEachStmt
                || node instanceof WhileStmt || node instanceof DoStmt ? 1 : 0;
    }

    private static Source parse(String name, String text) {
        ParseResult<CompilationUnit> parsed = new JavaParser(new ParserConfiguration()
                .setLanguageLevel(ParserConfiguration.LanguageLevel.JAVA_17)).parse(text);
        return new Source(name, parsed.getResult().filter(unit -> parsed.isSuccessful())
                .orElseThrow(() -> new AssertionError(name + ": " + parsed.getProblems())));
    }

    // ---- the measures ---------------------------------------------------------------------------------------------

    /** The value that one line of the file bounds, and the places that make it, the largest first. */
    private record Measure(String key, int value, List<Place> places) {
        static Measure most(String key, Stream<Place> places) {
            List<Place> sorted = sorted(places);
            return new Measure(key, sorted.isEmpty() ? 0 : sorted.get(0).value(), sorted);
        }

        static Measure sum(String key, Stream<Place> places) {
            List<Place> sorted = sorted(places);
            return new Measure(key, sorted.stream().mapToInt(Place::value).sum(), sorted);
        }

        static Measure howMany(String key, int above, Stream<Place> places) {
            List<Place> sorted = sorted(places.filter(place -> place.value() > above));
            return new Measure(key, sorted.size(), sorted);
        }

        private static List<Place> sorted(Stream<Place> places) {
            return places.sorted(Comparator.comparing(Place::value).reversed().thenComparing(Place::name)).toList();
        }

        /** What is wrong with the ceiling, or nothing. */
        String against(int ceiling) {
            if (value > ceiling) {
                return "\n" + key + " is " + value + ", at most " + ceiling + " is allowed; the largest are\n"
                        + places.stream().limit(15).map(place -> "  " + place.value() + " " + place.name() + "\n")
                                .collect(joining());
            }
            boolean tooHigh = value < ceiling - ceiling * SLACK / 100;
            return tooHigh ? "\nlower " + key + " to " + value + " in cnf/house.properties" : "";
        }
    }

    private static List<Measure> measure(List<Source> sources, List<Place> longLines, List<Place> longLinesWithTests) {
        List<Place> linesOfCode = sources.stream().map(each -> new Place(each.name(), each.linesOfCode())).toList();
        return List.of(
                Measure.most("mutable.fields.of.one.class",
                        sources.stream().flatMap(each -> each.mutableFields().stream())),
                Measure.howMany("complex.methods", MOST_COMPLEXITY,
                        sources.stream().flatMap(each -> each.complexity().stream())),
                Measure.howMany("long.files", MOST_LINES, linesOfCode.stream()),
                Measure.sum("lines.of.code", linesOfCode.stream()),
                Measure.sum("long.lines", longLines.stream()),
                Measure.sum("long.lines.with.tests", longLinesWithTests.stream()));
    }

    private static List<Measure> measureTheCode() throws IOException {
        List<Source> sources = new ArrayList<>();
        List<Place> longLines = new ArrayList<>();
        for (String module : List.of("api", "impl", "v5")) {
            for (Path file : javaFiles(ROOT.resolve("mqtt.resilient." + module + "/src/main"))) {
                sources.add(parse(ROOT.relativize(file).toString(), Files.readString(file)));
                longLines.add(countLongLines(file));
            }
        }
        List<Place> longLinesWithTests = new ArrayList<>();
        try (Stream<Path> modules = Files.list(ROOT)) {
            for (Path module : modules.filter(each -> Files.isDirectory(each.resolve("src"))).toList()) {
                for (Path file : javaFiles(module.resolve("src"))) {
                    longLinesWithTests.add(countLongLines(file));
                }
            }
        }
        assertTrue(sources.size() > 150, () -> "only " + sources.size() + " files");
        assertTrue(longLinesWithTests.size() > 400, () -> "only " + longLinesWithTests.size() + " files with tests");
        return measure(sources, longLines, longLinesWithTests);
    }

    private static List<Path> javaFiles(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
        }
    }

    private static Place countLongLines(Path file) throws IOException {
        return new Place(ROOT.relativize(file).toString(), countLongLines(Files.readString(file)));
    }

    private static int countLongLines(String text) {
        return (int) text.lines().filter(line -> line.codePointCount(0, line.length()) > MOST_COLUMNS).count();
    }

    // ---- the tests ------------------------------------------------------------------------------------------------

    @Test
    void noMeasureIsWorseThanItsCeilingAndNoCeilingMuchHigherThanItsMeasure() throws IOException {
        List<Measure> measures = measureTheCode();
        String text = Files.readString(CEILINGS);
        if (System.getProperty("house.lower") != null) {
            for (Measure measure : measures) {
                text = lowered(text, measure.key(), measure.value());
            }
            Files.writeString(CEILINGS, text);
        }
        List<MatchResult> ceilings = CEILING.matcher(text).results().toList();
        assertEquals(measures.stream().map(Measure::key).sorted().toList(),
                ceilings.stream().map(each -> each.group(1)).sorted().toList(), "the keys in cnf/house.properties");
        StringBuilder wrong = new StringBuilder();
        for (MatchResult ceiling : ceilings) {
            measures.stream().filter(each -> each.key().equals(ceiling.group(1)))
                    .forEach(each -> wrong.append(each.against(Integer.parseInt(ceiling.group(2)))));
        }
        if (!wrong.isEmpty()) {
            fail(wrong + "\nto write the lower values there: " + LOWER);
        }
    }

    /** The text of the file, with a value that is not higher than before. */
    private static String lowered(String text, String key, int value) {
        return CEILING.matcher(text).replaceAll(line -> line.group(1).equals(key)
                ? key + " = " + Math.min(value, Integer.parseInt(line.group(2))) : line.group());
    }

    @Test
    void aMeasureFailsAboveItsCeilingAndFarBelowIt() {
        Measure measure = new Measure("lines", 980, List.of(new Place("A.java", 800)));
        assertEquals("", measure.against(980));
        assertEquals("", measure.against(1_000));
        assertTrue(measure.against(979).startsWith("\nlines is 980, at most 979 is allowed"));
        assertTrue(measure.against(979).contains("800 A.java"));
        assertEquals("\nlower lines to 980 in cnf/house.properties", measure.against(1_001));
        assertEquals("a = 3\nb = 7\n", lowered(lowered("a = 5\nb = 7\n", "a", 3), "b", 9));
    }

    @Test
    void theMeasuresCountWhatTheySay() {
        Source source = parse("Sample.java", """
                package sample;

                import java.util.List;

                /** A comment. */
                class Sample {
                    static final int CONSTANT = 1; // not mutable
                    private final int fixed = 2;
                    private int one, two;
                    volatile boolean three;

                    /* Another
                       comment. */
                    void plain() {
                        class Inner {
                            int four;
                        }
                    }

                    int decides(int value, List<String> list) {
                        for (int i = 0; i < value && i > 3 || i == 9; i++) {
                            switch (i) {
                                case 1, 2 -> value++;
                                default -> value--;
                            }
                        }
                        for (String each : list) {
                            try {
                                do {
                                    value += each.isEmpty() ? 1 : 2;
                                } while (value < 7);
                            } catch (IllegalStateException e) {
                                while (value > 0) {
                                    value--;
                                }
                            }
                        }
                        if (value == 3) {
                            return 0;
                        }
                        return value;
                    }
                }
                """);
        assertEquals(List.of(new Place("Sample.java Sample", 3), new Place("Sample.java Inner", 1)),
                source.mutableFields());
        assertEquals(List.of(new Place("Sample.java plain", 1), new Place("Sample.java decides", 12)),
                source.complexity());
        assertEquals(35, source.linesOfCode());
        assertEquals(1, countLongLines("x".repeat(121) + "\n" + "ö".repeat(120) + "\n"));
    }
}
