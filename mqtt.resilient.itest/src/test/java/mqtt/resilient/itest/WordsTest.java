package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What users read uses the words of docs/glossary.md: the pages, the texts in the code, the page of the console, the
 * Javadoc of the API and the usage texts of the scripts.
 */
class WordsTest {
    private static final String GLOSSARY = "docs/glossary.md";
    private static final Pattern LITERAL = Pattern.compile("\"((?:[^\"\\\\\\n]|\\\\.)*)\"");
    private static final Pattern COMMENT = Pattern.compile("(?s)/\\*.*?\\*/|(?m)^\\s*//.*$|(?<=[;{}]) // .*$");

    /** What is not said, and the word of the glossary for it. */
    private static final Map<Pattern, String> NOT = Map.ofEntries(
            not("\\b(set|sets|setting|put|puts) aside\\b", "dead-lettered; quarantined"),
            not("\\bpoison(ed)? messages?\\b", "dead letter"),
            not("\\b(has|have|had|to) let go\\b|\\blets? go of\\b|\\bh[au]ngs? up\\b", "closed the connection"),
            not("\\b(is|are|was|not) well\\b(?! known)|\\ball is well\\b", "healthy"),
            not("\\b(is|are|was|be|not|yet) at (its|their) end\\b", "settled; pending"),
            not("\\b(come|comes|came) to (its|their|an) end\\b", "settled"),
            not("\\bmeans? nothing\\b", "ignored; has no effect"),
            not("\\b(is|are) under way\\b", "in flight"),
            not("\\b(hold|holds|holding|held) (\\w+ )?up\\b", "block; head-of-line blocking"),
            not("\\btid(y|ied|ying) up\\b|\\bwritten anew\\b", "compact"),
            not("\\blast wills?\\b", "will"),
            not("\\bwhat waits\\b", "backlog; waiting messages"),
            not("\\bhears of\\b", "is told"),
            not("\\bwhat is due\\b", "pending"),
            not("\\brefused at admission\\b", "rejected"),
            not("(?-i:\\b([Cc]lient|[Pp]acket) ids?\\b)", "client identifier; packet identifier"));

    private static Map.Entry<Pattern, String> not(String words, String instead) {
        return Map.entry(Pattern.compile(words, Pattern.CASE_INSENSITIVE), instead);
    }

    @Test
    void thePagesUseTheWordsOfTheGlossary() throws IOException {
        Set<String> found = new TreeSet<>();
        for (GuidePage page : GuidePage.all()) {
            if (!page.name().equals(GLOSSARY)) {
                check(page.name(), page.text(), found);
            }
        }
        assertEquals(Set.of(), found);
    }

    @Test
    void theTextsInTheCodeUseTheWordsOfTheGlossary() throws IOException {
        Set<String> found = new TreeSet<>();
        int files = 0;
        for (String module : List.of("api", "impl", "v5", "console", "kura", "demo")) {
            for (Path file : files("mqtt.resilient." + module + "/src/main", ".java", ".js", ".html")) {
                String text = Files.readString(file);
                boolean literals = !module.equals("api") && file.toString().endsWith(".java");
                check(name(file), literals ? literals(text) : text, found);
                files++;
            }
        }
        assertTrue(files > 100, "only " + files + " files");
        assertEquals(Set.of(), found);
    }

    @Test
    void theUsageTextsOfTheScriptsUseTheWordsOfTheGlossary() throws IOException {
        Set<String> found = new TreeSet<>();
        for (Path file : files("bin", "")) {
            check(name(file), Files.readString(file), found);
        }
        assertEquals(Set.of(), found);
    }

    /** What is looked for here stands in the column "not" there, or nobody would know the reason. */
    @Test
    void everyWordThatIsSearchedIsFound() {
        for (String text : List.of("it is set aside", "a poison message", "until the broker has\nlet go",
                "the store is well.",
                "not yet at its end", "came to its end", "these keys mean nothing", "what is under way",
                "holds everything up",
                "a segment is written anew", "the last will", "what waits", "Hears of changes", "what is due",
                "refused at admission", "the packet ids", "Client id",
                "the broker hung up")) {
            Set<String> found = new TreeSet<>();
            check("a text", text, found);
            assertFalse(found.isEmpty(), text);
        }
        Set<String> found = new TreeSet<>();
        check("a text", "A dot at its end is set. Setting it up takes well-known words; go on until the end.", found);
        assertEquals(Set.of(), found);
        assertEquals("one two three",
                literals("f(\"one \"\n        + \"two \" // \"four\"\n   + \"three\"); /* \"five\" */").strip());
    }

    private static void check(String name, String text, Set<String> found) {
        String line = text.replaceAll("\\s*\\n[ \\t]*(\\* |// |# )?\\s*", " ");
        NOT.forEach((words, instead) -> words.matcher(line).results().forEach(match -> found.add(name + ": \""
                + line.substring(Math.max(0, match.start() - 30), Math.min(line.length(), match.end() + 20)) + "\": "
                + instead)));
    }

    /** The string literals, those of one expression as one. */
    private static String literals(String code) {
        String joined = COMMENT.matcher(code).replaceAll("").replaceAll("(?m) // .*$", "").replaceAll("\"\\s*\\+\\s*\"",
                "");
        return LITERAL.matcher(joined).results().map(match -> match.group(1)).collect(Collectors.joining("\n"));
    }

    private static List<Path> files(String directory, String... endings) throws IOException {
        try (Stream<Path> files = Files.walk(GuidePage.root().resolve(directory))) {
            return files.filter(Files::isRegularFile).filter(file -> Stream.of(endings).anyMatch(
                    file.toString().toLowerCase(Locale.ROOT)::endsWith)).sorted().toList();
        }
    }

    private static String name(Path file) {
        return GuidePage.root().relativize(file).toString();
    }
}
