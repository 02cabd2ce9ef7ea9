package mqtt.resilient.itest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A page of the documentation, and the blocks of code in it. */
record GuidePage(String name, String text) {
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\S*)(?: (\\S+))?\\n(.*?)^```$");

    /**
     * A block between two lines of three backticks.
     *
     * @param language the first word behind the backticks, or empty
     * @param file the second word, or empty: in which file it belongs
     */
    record Block(String language, String file, String text) {
    }

    /** The directory of the checkout. */
    static Path root() {
        return Path.of(System.getProperty("basedir", ".")).toAbsolutePath().getParent().normalize();
    }

    /** Reads one, by its path in the checkout. */
    static GuidePage of(String name) throws IOException {
        return new GuidePage(name, Files.readString(root().resolve(name)));
    }

    /**
     * Reads {@code README.md}, what else stands beside it, and all of {@code docs}, also what is in directories there.
     */
    static List<GuidePage> all() throws IOException {
        List<GuidePage> pages = new ArrayList<>();
        for (String name : List.of("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")) {
            pages.add(of(name));
        }
        try (Stream<Path> files = Files.walk(root().resolve("docs"))) {
            for (Path file : files.filter(each -> each.toString().endsWith(".md")).sorted().toList()) {
                pages.add(of(root().relativize(file).toString()));
            }
        }
        return pages;
    }

    List<Block> blocks() {
        List<Block> blocks = new ArrayList<>();
        Matcher block = BLOCK.matcher(text);
        while (block.find()) {
            blocks.add(new Block(block.group(1), block.group(2) == null ? "" : block.group(2), block.group(3)));
        }
        return blocks;
    }

    List<Block> blocks(String language) {
        return blocks().stream().filter(block -> block.language().equals(language)).toList();
    }
}
