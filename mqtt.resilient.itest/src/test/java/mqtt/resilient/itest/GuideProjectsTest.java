package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A page that prints a POM prints a whole project: a user who copies the POM and the classes has something that builds.
 * Nothing of the reactor helps: a dependency that the POM does not name is missing here as it is there.
 */
@Timeout(180)
class GuideProjectsTest {
    private static final Pattern CLASS = Pattern
            .compile("(?m)^package (\\S+);[\\s\\S]*?^public (?:final )?class (\\w+)");
    private static final Set<String> BUNDLES = Set.of("docs/getting-started.md", "docs/recipes.md");
    private static final Set<String> PAGES = Set.of("docs/getting-started.md", "docs/plain-java.md", "docs/recipes.md");

    @TempDir
    Path directory;

    @Test
    void theProjectsOfThePagesBuildAsPrintedOutsideTheReactor() throws Exception {
        Map<String, List<String>> classes = new TreeMap<>();
        for (GuidePage page : GuidePage.all()) {
            for (GuidePage.Block pom : page.blocks("xml")) {
                if (pom.file().endsWith("pom.xml")) {
                    Path project = Files.createDirectories(directory.resolve(pom.file()).getParent());
                    Files.writeString(project.resolve("pom.xml"), UserMaven.withVersionOfTheBuild(pom.text()));
                    classes.put(page.name(), sources(page, project.resolve("src/main/java")));
                }
            }
        }
        assertTrue(classes.keySet().containsAll(PAGES), classes::toString);
        buildAll();

        for (String page : BUNDLES) {
            assertEquals(Set.copyOf(classes.get(page)), components(page), page);
        }
    }

    /** Writes the classes of a page, and returns their names. */
    private List<String> sources(GuidePage page, Path root) throws IOException {
        List<String> names = new ArrayList<>();
        for (GuidePage.Block block : page.blocks("java")) {
            Matcher type = CLASS.matcher(block.text());
            assertTrue(type.find(), () -> page.name() + " has a POM, and a class that is not whole: " + block.text());
            Path file = root.resolve(type.group(1).replace('.', '/')).resolve(type.group(2) + ".java");
            Files.createDirectories(file.getParent());
            Files.writeString(file, block.text());
            if (!block.file().isEmpty()) {
                assertEquals(directory.resolve(block.file()), file, page.name());
            }
            names.add(type.group(1) + "." + type.group(2));
        }
        return names;
    }

    /** One run of Maven for all of them: nothing but the order of the builds comes from what holds them together. */
    private void buildAll() throws IOException, InterruptedException {
        List<String> modules = new ArrayList<>();
        try (Stream<Path> files = Files.walk(directory)) {
            files.filter(file -> file.endsWith("pom.xml"))
                    .forEach(file -> modules.add("<module>" + directory.relativize(file.getParent()) + "</module>"));
        }
        Path all = directory.resolve("pom.xml");
        Files.writeString(all,
                "<project><modelVersion>4.0.0</modelVersion><groupId>pages</groupId><artifactId>pages</artifactId>"
                        + "<version>1</version><packaging>pom</packaging><modules>" + String.join("", modules)
                        + "</modules></project>");
        new UserMaven(Files.createDirectories(directory.resolve("user"))).run(directory, "package");
    }

    /** What Declarative Services will find in the bundle of a page. */
    private Set<String> components(String page) throws IOException {
        Path project = directory.resolve(GuidePage.of(page).blocks("xml").get(0).file()).getParent();
        Path bundle;
        try (Stream<Path> files = Files.list(project.resolve("target"))) {
            bundle = files.filter(file -> file.toString().endsWith(".jar")).findFirst().orElseThrow();
        }
        try (JarFile jar = new JarFile(bundle.toFile())) {
            return jar.stream().map(JarEntry::getName).filter(name -> name.matches("OSGI-INF/.*\\.xml"))
                    .map(name -> name.substring(9, name.length() - 4)).collect(Collectors.toSet());
        }
    }
}
