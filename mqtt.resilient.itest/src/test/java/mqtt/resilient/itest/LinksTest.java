package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Links between the pages lead somewhere; the README leads to every page, that of docs/decisions to those there. */
class LinksTest {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:\\s]*)(?:#([^)\\s]*))?\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");

    @Test
    void everyLinkLeadsToAFileAndAHeadingThatAreThere() throws IOException {
        Set<String> broken = new TreeSet<>();
        for (GuidePage page : GuidePage.all()) {
            Path here = GuidePage.root().resolve(page.name());
            for (MatchResult link : LINK.matcher(page.text()).results().toList()) {
                Path there = link.group(1).isEmpty() ? here : here.resolveSibling(link.group(1)).normalize();
                if (!Files.exists(there)
                        || link.group(2) != null && !headings(Files.readString(there)).contains(link.group(2))) {
                    broken.add(page.name() + " " + link.group());
                }
            }
        }
        assertEquals(Set.of(), broken);
    }

    @Test
    void theReadmeLeadsToEveryPage() throws IOException {
        Set<String> missing = new TreeSet<>();
        GuidePage.all().forEach(page -> missing.add(page.name()));
        missing.remove("README.md");
        linked("README.md").forEach(missing::remove);
        linked("docs/decisions/README.md").forEach(missing::remove);
        assertEquals(Set.of(), missing);
    }

    private static List<String> linked(String name) throws IOException {
        Path page = Path.of(name);
        return LINK.matcher(GuidePage.of(name).text()).results()
                .map(link -> page.resolveSibling(link.group(1)).normalize().toString()).toList();
    }

    /** As the sites that show Markdown name them. */
    private static List<String> headings(String text) {
        return HEADING.matcher(text).results().map(heading -> heading.group(1).toLowerCase(Locale.ROOT)
                .replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-')).toList();
    }
}
