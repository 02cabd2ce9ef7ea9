package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The classes and members that docs/architecture.md, docs/how-do-i.md and docs/decisions name are in the sources. */
class ClassNamesTest {
    /** With the package before it, or the last part of it, and a member or inner class behind it. */
    private static final Pattern NAME = Pattern
            .compile("`((?:[a-z0-9]+[./])*)([A-Z]\\w*[a-z]\\w*)(?:\\.(\\w+))?(?:\\([^`]*\\))?`");
    private static final Pattern DECLARED = Pattern.compile("\\b(?:class|interface|record|enum) ([A-Z]\\w*)");
    private static final List<String> OF_THE_JDK = List.of("java.lang.", "java.util.", "javax.net.ssl.");
    private static final Set<String> OF_KURA = Set.of("SslManagerService");

    /** The sources in which a class is declared, by its simple name. */
    private static final Map<String, List<Path>> DECLARATIONS = new HashMap<>();

    @BeforeAll
    static void readSources() throws IOException {
        try (Stream<Path> modules = Files.list(GuidePage.root())) {
            Stream<Path> stub = Stream.of(GuidePage.root().resolve("cnf/kura-stub"));
            for (Path sources : Stream.concat(modules, stub).map(module -> module.resolve("src"))
                    .filter(Files::isDirectory).toList()) {
                try (Stream<Path> files = Files.walk(sources)) {
                    for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
                        DECLARED.matcher(Files.readString(file)).results().forEach(name -> DECLARATIONS
                                .computeIfAbsent(name.group(1), any -> new ArrayList<>()).add(file));
                    }
                }
            }
        }
    }

    @Test
    void everyClassAndMemberThatThePagesNameIsThere() throws IOException {
        Set<String> missing = new TreeSet<>();
        int names = 0;
        for (GuidePage page : GuidePage.all()) {
            if (page.name().matches("docs/(architecture|how-do-i|decisions/.*)\\.md")) {
                for (MatchResult name : NAME.matcher(page.text()).results().toList()) {
                    names++;
                    if (!isThere(name.group(1).replace('.', '/'), name.group(2), name.group(3))) {
                        missing.add(page.name() + " " + name.group());
                    }
                }
            }
        }
        assertTrue(names > 100, "only " + names + " names");
        assertEquals(Set.of(), missing);
    }

    /** docs/kura.md: what the stand-in does, the class of Kura, the code, and the test that needs it. */
    @Test
    void eachRowOfWhatStandsInForKuraHasItsCodeAndItsTest() throws IOException {
        List<String[]> rows = Stream.of(GuidePage.of("docs/kura.md").text().split("\n"))
                .dropWhile(line -> !line.startsWith("| what the stand-in does")).skip(2)
                .takeWhile(line -> line.startsWith("|")).map(line -> line.split("\\|")).toList();
        assertTrue(rows.size() > 10, rows.size() + " rows");
        Set<String> missing = new TreeSet<>();
        for (String[] row : rows) {
            assertEquals(5, row.length, row[1]);
            for (String column : List.of(row[3], row[4])) {
                List<MatchResult> names = NAME.matcher(column).results().toList();
                assertTrue(row[2].contains("`") && !names.isEmpty(), row[1]);
                for (MatchResult name : names) {
                    if (name.group(3) == null || !isThere("", name.group(2), name.group(3))) {
                        missing.add(name.group());
                    }
                }
            }
        }
        assertEquals(Set.of(), missing);
    }

    /** The drawing was made from its source as it is now: each text of the source is in it. */
    @Test
    void theDrawingIsMadeFromItsSource() throws IOException {
        String drawing = GuidePage.of("docs/images/architecture.svg").text();
        Set<String> missing = new TreeSet<>();
        for (MatchResult label : Pattern.compile("label=\"([^\"]+)\"")
                .matcher(GuidePage.of("docs/images/architecture.dot").text()).results().toList()) {
            Stream.of(label.group(1).split("\\\\n")).filter(line -> !drawing.contains(">" + line + "<"))
                    .forEach(missing::add);
        }
        assertEquals(Set.of(), missing);
    }

    @Test
    void aNameThatIsNotThereIsFound() throws IOException {
        assertTrue(isThere("io/", "TcpConnection", null));
        assertTrue(isThere("", "Session", "fill"));
        assertEquals(false, isThere("session/", "TcpConnection", null));
        assertEquals(false, isThere("", "NoSuchClassAtAll", null));
        assertEquals(false, isThere("", "Session", "noSuchMember"));
        assertEquals(false, isThere("client/", "Publisher", "countRejection")); // it calls that, and has it not
    }

    private static boolean isThere(String packageName, String type, String member) throws IOException {
        for (Path file : DECLARATIONS.getOrDefault(type, List.of())) {
            boolean inPackage = ("/" + file.getParent() + "/").replace('\\', '/').endsWith("/" + packageName);
            if (inPackage && (member == null || declaration(member).matcher(Files.readString(file)).find())) {
                return true;
            }
        }
        return OF_KURA.contains(type) || isOfTheJdk(type);
    }

    /** A constant, an inner class, a component of a record, a field or a method; its use does not count. */
    private static Pattern declaration(String member) {
        return Pattern.compile(Character.isUpperCase(member.charAt(0)) ? "\\b" + member + "\\b"
                : "(?m)^ +(?!return |throw |assert )(?:[\\w<>\\[\\],.?@]+ )+" + member + "(?:\\(|;| = )"
                        + "|\\brecord \\w+\\([^)]*\\b" + member + "\\b");
    }

    private static boolean isOfTheJdk(String type) {
        return OF_THE_JDK.stream().anyMatch(each -> {
            try {
                return Class.forName(each + type, false, null) != null;
            } catch (ClassNotFoundException e) {
                return false;
            }
        });
    }
}
