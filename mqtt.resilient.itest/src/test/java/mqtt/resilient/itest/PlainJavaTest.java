package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import mqtt.resilient.itest.plain.PlainProgram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * The jars as they are packed serve a program whose class path has nothing of OSGi, and docs/plain-java.md is such a
 * program.
 */
@Timeout(180)
class PlainJavaTest {
    private static final Pattern CLASS = Pattern.compile("(?m)^package (\\S+);[\\s\\S]*?^public class (\\w+)");
    private static final int LIMIT_MILLIS = 60_000;
    private static final List<String> FIVE = List.of("api", "impl", "v5");
    private static final List<String> NO_FIVE = List.of("api", "impl");

    @TempDir
    Path directory;

    // ---- the jars -------------------------------------------------------------------------------------------------

    @Test
    void aProgramWithoutOsgiPublishesListensAndLeavesNoThread() throws Exception {
        try (TestBroker broker = new TestBroker().start()) {
            String said = run(NO_FIVE, "talk", broker);
            assertEquals("pending 0, protocol 3.1.1, received true, drained true, threads 0", said);
        }
    }

    @Test
    void itSpeaksFiveWhenTheJarIsThereAndRefusesToWhenItIsNot() throws Exception {
        try (TestBroker broker = new TestBroker().start()) {
            assertTrue(run(FIVE, "talk", broker).contains("protocol 5, received true"));
            assertEquals(
                    "IllegalArgumentException protocol: \"5\" is not allowed without the jar mqtt.resilient.v5 on the "
                            + "class path; allowed without it: auto and 3.1.1, threads 0",
                    run(NO_FIVE, "talk", broker, "protocol", "5"));
        }
    }

    @Test
    void whatItLeftBehindWithoutClosingIsDeliveredByItsNextLife() throws Exception {
        try (TestBroker broker = new TestBroker()) {
            assertEquals("stored", run(NO_FIVE, "leave", broker)); // it ended: no thread kept it alive
            broker.start();
            assertEquals("pending 1, protocol 3.1.1, received true, drained true, threads 0",
                    run(NO_FIVE, "talk", broker));
        }
    }

    @Test
    void aStoreThatAnotherProcessUsesIsAnErrorThatNamesTheKeyUntilThatProcessIsKilled() throws Exception {
        try (TestBroker broker = new TestBroker().start()) {
            Process owner = new ProcessBuilder(command(NO_FIVE, "hold", broker))
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start();
            try (BufferedReader lines = owner.inputReader()) {
                assertEquals("holds", lines.readLine());
                assertEquals(
                        "IOException plant: the store cannot be opened (store.directory): in use by another process, "
                                + "threads 0",
                        run(NO_FIVE, "talk", broker));
            } finally {
                owner.destroyForcibly().waitFor();
            }
            assertTrue(run(NO_FIVE, "talk", broker).endsWith("received true, drained true, threads 0"));
        }
    }

    // ---- the page -------------------------------------------------------------------------------------------------

    @Test
    void theProgramsOfThePageCompileAndRunOnThatClassPath() throws Exception {
        Path classes = compilePage();
        try (TestBroker broker = new TestBroker().start()) {
            List<String> once = page(classes, "plant.Once", broker);
            assertEquals("plant/boiler/temp 71.3", output(once));
            try (PlainSubscriber subscriber = new PlainSubscriber(broker.port())) {
                Process service = new ProcessBuilder(page(classes, "plant.Service", broker)).redirectErrorStream(true)
                        .redirectOutput(directory.resolve("service.log").toFile()).start();
                assertTrue(subscriber.next(LIMIT_MILLIS).startsWith("plant/service/count "));
                service.destroy();
                assertTrue(service.waitFor(LIMIT_MILLIS, TimeUnit.MILLISECONDS));
                output(once);
                String next;
                do { // what comes before that of the program that came after it
                    next = subscriber.next(LIMIT_MILLIS);
                    assertFalse(next.startsWith("plant/service/state"), "the will was sent");
                } while (!next.startsWith("plant/boiler/temp"));
            }
        }
    }

    private List<String> page(Path classes, String program, TestBroker broker) {
        List<String> command = new ArrayList<>(java(FIVE, classes.toString()));
        command.addAll(List.of(program, uri(broker), directory.resolve("page").toString()));
        return command;
    }

    private Path compilePage() throws IOException {
        Path classes = Files.createDirectories(directory.resolve("classes"));
        List<Path> sources = new ArrayList<>();
        for (GuidePage.Block block : GuidePage.of("docs/plain-java.md").blocks("java")) {
            Matcher type = CLASS.matcher(block.text());
            assertTrue(type.find(), block.text());
            Path source = directory.resolve(type.group(2) + ".java");
            sources.add(Files.writeString(source, block.text()));
        }
        assertEquals(3, sources.size());
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter said = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            Iterable<? extends JavaFileObject> units = files.getJavaFileObjectsFromPaths(sources);
            boolean compiled = compiler
                    .getTask(said, files, null, List.of("-d", classes.toString(), "-cp", jars(NO_FIVE),
                            "-Xlint:all,-classfile", "-Werror", "-proc:none"), null, units)
                    .call();
            assertTrue(compiled, said.toString());
        }
        return classes;
    }

    // ---- processes ------------------------------------------------------------------------------------------------

    private static String uri(TestBroker broker) {
        return "mqtt://127.0.0.1:" + broker.port();
    }

    /** What the program says, in one line. */
    private String run(List<String> modules, String what, TestBroker broker, String... keys) throws Exception {
        return output(command(modules, what, broker, keys));
    }

    private List<String> command(List<String> modules, String what, TestBroker broker, String... keys)
            throws Exception {
        Path program = Files.createDirectories(directory.resolve("program"));
        String file = PlainProgram.class.getName().replace('.', '/') + ".class";
        Path copy = program.resolve(file); // alone: what else is beside it is not on the class path
        Files.createDirectories(copy.getParent());
        Files.write(copy, PlainProgram.class.getClassLoader().getResourceAsStream(file).readAllBytes());
        List<String> command = new ArrayList<>(java(modules, program.toString()));
        command.addAll(List.of(PlainProgram.class.getName(), what, uri(broker), directory.resolve("store").toString()));
        command.addAll(List.of(keys));
        return command;
    }

    private static List<String> java(List<String> modules, String classes) {
        return List.of(System.getProperty("java.home") + "/bin/java", "-cp",
                jars(modules) + File.pathSeparator + classes);
    }

    /** The modules' jars as they are packed, and the API of SLF4J. */
    private static String jars(List<String> modules) {
        String version = System.getProperty("product.version");
        return Stream.concat(modules.stream().map(module -> GuidePage.root().resolve("mqtt.resilient." + module)
                .resolve("target/mqtt.resilient." + module + "-" + version + ".jar")), Stream.of(slf4j()))
                .peek(jar -> assertTrue(Files.isRegularFile(jar), jar.toString())).map(Path::toString)
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static Path slf4j() {
        try {
            return Path.of(LoggerFactory.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private String output(List<String> command) throws Exception {
        Path errors = directory.resolve("errors");
        Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
        try {
            String said = process.inputReader().lines().collect(Collectors.joining(", "));
            assertTrue(process.waitFor(LIMIT_MILLIS, TimeUnit.MILLISECONDS), said);
            assertEquals(0, process.exitValue(), said + Files.readString(errors));
            return said;
        } finally {
            process.destroyForcibly();
        }
    }
}
