package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * The tables of keys in the documentation are made from the metatype of the bundles: below the line
 * {@code <!-- metatype: PID -->} everything but the columns that a form does not have is generated.
 */
class ConfigurationReferenceTest {
    private static final Path GENERATED = GuidePage.root().resolve("mqtt.resilient.itest/target/docs");
    private static final Pattern TABLE = Pattern
            .compile("(?m)^<!-- metatype: (\\S+) -->\\n(\\|.*\\n)(\\|.*\\n)((?:\\|.*\\n)*)");
    /** What is behind it in the column of help is written by hand. */
    private static final String MORE = "<br>";
    private static final Pattern NAME = Pattern.compile("`(\\.?[a-z0-9]+(?:\\.[a-z0-9]+)+)`");
    private static final Pattern LITERAL = Pattern.compile("\"([^\"\\s]+)\"");
    /** Of Kura, and of the configuration that docs/kura.md tells how to leave. */
    private static final Set<String> FOREIGN = Set.of("kura.packages", "store.capacity", "store.db.service.pid");

    /** The forms by their PID. */
    private static Map<String, Form> forms;

    private record Form(String pid, Map<String, Element> keys) {
    }

    @BeforeAll
    static void readMetatype() throws Exception {
        forms = new TreeMap<>();
        try (Stream<Path> modules = Files.list(GuidePage.root())) {
            for (Path module : modules.toList()) {
                Path directory = module.resolve("target/classes/OSGI-INF/metatype");
                if (Files.isDirectory(directory)) {
                    try (Stream<Path> files = Files.list(directory)) {
                        for (Path file : files.toList()) {
                            Document xml = DocumentBuilderFactory.newInstance().newDocumentBuilder()
                                    .parse(file.toFile());
                            elements(xml.getDocumentElement(), "OCD").forEach(ocd -> forms.put(ocd.getAttribute("id"),
                                    new Form(ocd.getAttribute("id"), keys(ocd))));
                        }
                    }
                }
            }
        }
        assertTrue(forms.containsKey("mqtt.resilient.client"), forms.keySet()::toString);
        // Kura's form of a client is ours with what Kura adds.
        forms.get("mqtt.resilient.kura.client").keys().keySet()
                .removeAll(forms.get("mqtt.resilient.client").keys().keySet());
    }

    private static Map<String, Element> keys(Element ocd) {
        Map<String, Element> keys = new LinkedHashMap<>();
        elements(ocd, "AD").forEach(key -> keys.put(key.getAttribute("id"), key));
        return keys;
    }

    private static List<Element> elements(Element parent, String name) {
        List<Element> elements = new ArrayList<>();
        NodeList nodes = parent.getElementsByTagName(name);
        for (int i = 0; i < nodes.getLength(); i++) {
            elements.add((Element) nodes.item(i));
        }
        return elements;
    }

    @Test
    void theTablesAreWhatTheFormsSay() throws IOException {
        Set<String> stale = new TreeSet<>();
        for (GuidePage page : GuidePage.all()) {
            String generated = TABLE.matcher(page.text())
                    .replaceAll(table -> Matcher.quoteReplacement(generate(table)));
            if (!generated.equals(page.text())) {
                Path file = GENERATED.resolve(Path.of(page.name()).getFileName());
                Files.createDirectories(GENERATED);
                Files.writeString(file, generated);
                stale.add("cp " + GuidePage.root().relativize(file) + " " + page.name());
            }
        }
        assertEquals(Set.of(), stale, "pages that are not up to date; what makes them so");
    }

    @Test
    void everyFormHasOneTable() throws IOException {
        List<String> tables = new ArrayList<>();
        for (GuidePage page : GuidePage.all()) {
            TABLE.matcher(page.text()).results().forEach(table -> tables.add(table.group(1)));
        }
        assertEquals(List.copyOf(forms.keySet()), tables.stream().sorted().toList());
    }

    /**
     * A name with dots in backticks that begins as keys do: a key, or a name that is in the code, such as a property.
     */
    @Test
    void everyNameInThePagesThatLooksLikeAKeyIsOne() throws IOException {
        Set<String> keys = forms.values().stream().flatMap(form -> form.keys().keySet().stream())
                .collect(Collectors.toSet());
        Set<String> beginnings = keys.stream().filter(key -> key.lastIndexOf('.') > 0)
                .map(ConfigurationReferenceTest::beginning)
                .collect(Collectors.toSet());
        Set<String> known = new TreeSet<>(literals());
        known.addAll(keys);
        known.addAll(FOREIGN);
        Map<String, String> unknown = new TreeMap<>();
        for (GuidePage page : GuidePage.all()) {
            NAME.matcher(page.text()).results().map(name -> name.group(1))
                    .filter(name -> !name.startsWith("mqtt.resilient.")) // bundles
                    .filter(name -> beginnings.contains(beginning(name)) && !known.contains(name))
                    .forEach(name -> unknown.put(name, page.name()));
        }
        assertEquals(Map.of(), unknown);
    }

    private static String beginning(String name) {
        return name.replaceFirst("^(\\.?[^.]+)\\..*", "$1");
    }

    private static Set<String> literals() throws IOException {
        Set<String> literals = new TreeSet<>();
        try (Stream<Path> modules = Files.list(GuidePage.root())) {
            for (Path sources : modules.map(module -> module.resolve("src/main/java")).filter(Files::isDirectory)
                    .toList()) {
                if (!sources.startsWith(GuidePage.root().resolve("mqtt.resilient.itest"))) {
                    try (Stream<Path> files = Files.walk(sources)) {
                        for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
                            LITERAL.matcher(Files.readString(file)).results()
                                    .forEach(text -> literals.add(text.group(1)));
                        }
                    }
                }
            }
        }
        return literals;
    }

    private static String generate(MatchResult table) {
        Form form = forms.get(table.group(1));
        assertTrue(form != null,
                () -> "no metatype has the PID " + table.group(1) + "; " + forms.keySet() + " are there");
        List<String> columns = cells(table.group(2));
        Map<String, List<String>> rows = new HashMap<>();
        table.group(4).lines().forEach(line -> rows.put(cells(line).get(0), cells(line)));
        StringBuilder text = new StringBuilder("<!-- metatype: ").append(form.pid()).append(" -->\n")
                .append(table.group(2)).append(table.group(3));
        form.keys().forEach((id, key) -> {
            List<String> old = rows.getOrDefault(code(id), List.of());
            for (int i = 0; i < columns.size(); i++) {
                String before = i < old.size() ? old.get(i) : "";
                text.append("| ").append(cell(columns.get(i), key, before)).append(' ');
            }
            text.append("|\n");
        });
        return text.toString().replaceAll("(?m)\\|  \\|", "|  |");
    }

    private static List<String> cells(String line) {
        return Stream.of(line.strip().split("(?<!\\\\)\\|")).skip(1).map(String::strip).toList();
    }

    private static String cell(String column, Element key, String before) {
        return switch (column) {
            case "key" -> code(key.getAttribute("id"));
            case "default" -> key.getAttribute("default").isEmpty() ? "" : code(defaultOf(key));
            case "type" -> type(key);
            case "range" -> range(key).isEmpty() ? before : range(key);
            case "help" -> help(key) + (before.contains(MORE) ? before.substring(before.indexOf(MORE)) : "");
            default -> before;
        };
    }

    private static String code(String text) {
        return "`" + text + "`";
    }

    private static String defaultOf(Element key) {
        String value = key.getAttribute("default");
        return key.getAttribute("type").equals("Double") ? new BigDecimal(value).stripTrailingZeros().toPlainString()
                : value;
    }

    private static String type(Element key) {
        String type = switch (key.getAttribute("type")) {
            case "Integer" -> "int";
            case "Long", "Double", "Boolean" -> key.getAttribute("type").toLowerCase(Locale.ROOT);
            default -> "String";
        };
        return key.hasAttribute("cardinality") && !key.getAttribute("cardinality").equals("0") ? type + "[]" : type;
    }

    private static String range(Element key) {
        List<String> options = elements(key, "Option").stream().map(option -> option.getAttribute("value")).toList();
        String min = key.getAttribute("min");
        String max = key.getAttribute("max");
        if (!options.isEmpty()) {
            return type(key).equals("int") && areConsecutive(options)
                    ? options.get(0) + " to " + options.get(options.size() - 1)
                    : options.stream().map(ConfigurationReferenceTest::code).collect(Collectors.joining(", "));
        }
        if (type(key).equals("boolean")) {
            return "`true`, `false`";
        }
        return min.isEmpty() ? "" : max.isEmpty() ? "at least " + min : min + " to " + max;
    }

    private static boolean areConsecutive(List<String> options) {
        int first = Integer.parseInt(options.get(0));
        return IntStream.range(1, options.size()).allMatch(i -> Integer.parseInt(options.get(i)) == first + i);
    }

    private static String help(Element key) {
        String description = key.getAttribute("description");
        return ("*" + key.getAttribute("name") + "*" + (description.isEmpty() ? "" : ": " + description)).replace("|",
                "\\|");
    }
}
