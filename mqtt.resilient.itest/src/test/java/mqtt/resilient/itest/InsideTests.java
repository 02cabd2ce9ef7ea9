package mqtt.resilient.itest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The test classes that run inside frameworks, but for Kura's; for the property {@code tester.names}. */
final class InsideTests {
    private static final Path CLASSES = GuidePage.root().resolve("mqtt.resilient.itest/target/classes");
    private static final String PACKAGE = "mqtt.resilient.itest";

    private InsideTests() {
    }

    /** {@return those that run in every framework, separated by commas} */
    static String ofOsgi() {
        return names(false);
    }

    /** {@return those with the annotation {@link EngineTest}, separated by commas} */
    static String ofTheEngine() {
        return names(true);
    }

    private static String names(boolean engine) {
        try (Stream<Path> files = Files.list(CLASSES.resolve(PACKAGE.replace('.', '/')))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(file -> file.endsWith("Test.class") && !file.startsWith("Kura"))
                    .map(file -> load(file.substring(0, file.length() - ".class".length())))
                    .filter(type -> !Modifier.isAbstract(type.getModifiers())
                            && type.isAnnotationPresent(EngineTest.class) == engine)
                    .map(Class::getName).sorted().collect(Collectors.joining(","));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(PACKAGE + "." + name, false, InsideTests.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
