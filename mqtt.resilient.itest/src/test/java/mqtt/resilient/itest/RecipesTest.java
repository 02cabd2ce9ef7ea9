package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.apache.felix.cm.file.ConfigurationHandler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The code of the guides compiles, and the client takes the configurations. */
class RecipesTest {
    private static final Pattern CLASS = Pattern.compile("(?m)^package (\\S+);[\\s\\S]*?^public class (\\w+)");
    private static final Pattern PUBLIC_CLASS = Pattern.compile("(?m)^public class (\\w+)");
    /** What the code of docs/events.md leaves out. */
    private static final String EVENTS = "package events; import java.util.*; import java.util.concurrent.*; "
            + "import java.util.function.*; import mqtt.resilient.api.*; import mqtt.resilient.spi.*; "
            + "import org.osgi.service.component.annotations.*; import org.osgi.service.event.*; "
            + "import static events.Elsewhere.*; ";
    private static final String ELSEWHERE = "package events; final class Elsewhere { private Elsewhere() { } "
            + "static java.util.concurrent.Executor worker; static void redial() { } "
            + "static void run(String topic, byte[] payload) { } static void write(String topic, byte[] payload) { } "
            + "static void keepForLater(String what, String why) { } static void tell(String what) { } }";
    /** What the code of README.md leaves out: the first is a component, the second what a program does. */
    private static final String README = "package readme; import java.time.*; import java.util.*; import "
            + "mqtt.resilient.api.*; import mqtt.resilient.plain.*; import org.osgi.service.component.annotations.*; ";
    private static final Pattern CLIENT = Pattern.compile("mqtt\\.client=(\\w+)");

    @TempDir
    Path classes;

    @Test
    void everyRecipeCompilesWithoutAWarning() throws IOException {
        List<JavaFileObject> sources = new ArrayList<>();
        for (String name : List.of("docs/recipes.md", "docs/getting-started.md")) {
            for (GuidePage.Block block : GuidePage.of(name).blocks("java")) {
                Matcher type = CLASS.matcher(block.text());
                assertTrue(type.find(), block.text());
                sources.add(source(type.group(1).replace('.', '/') + "/" + type.group(2), block.text()));
            }
        }
        assertEquals(8, sources.size());
        assertCompiles(sources);
    }

    @Test
    void theCodeOfThePageOfEventsCompiles() throws IOException {
        List<JavaFileObject> sources = new ArrayList<>(List.of(source("events/Elsewhere", ELSEWHERE)));
        for (GuidePage.Block block : GuidePage.of("docs/events.md").blocks("java")) {
            Matcher type = PUBLIC_CLASS.matcher(block.text());
            assertTrue(type.find(), block.text());
            sources.add(source("events/" + type.group(1), EVENTS + block.text()));
        }
        assertEquals(7, sources.size());
        assertCompiles(sources);
    }

    @Test
    void theCodeOfTheReadmeCompiles() throws IOException {
        List<GuidePage.Block> blocks = GuidePage.of("README.md").blocks("java");
        assertEquals(2, blocks.size());
        assertCompiles(List.of(source("readme/Boiler", README + blocks.get(0).text()),
                source("readme/Plain", README + "public class Plain { void run() throws Exception { "
                        + blocks.get(1).text() + " } }")));
    }

    private static JavaFileObject source(String path, String text) {
        return new SimpleJavaFileObject(URI.create("string:///" + path + ".java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignored) {
                return text;
            }
        };
    }

    private void assertCompiles(List<JavaFileObject> sources) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        compiler.getTask(null, null, found, List.of("-d", classes.toString(), "-proc:none", "-Xlint:all,-classfile"),
                null, sources)
                .call();
        assertEquals(List.of(), found.getDiagnostics().stream().map(Object::toString).toList());
    }

    @Test
    void aRecipeSpeaksOfTheClientItConfigures() throws IOException {
        String client = "";
        for (GuidePage.Block block : GuidePage.of("docs/recipes.md").blocks()) {
            if (block.language().equals("config")) {
                client = String.valueOf(config(block.text()).get("mqtt.client"));
            } else if (block.language().equals("java")) {
                Set<String> named = Set
                        .copyOf(CLIENT.matcher(block.text()).results().map(each -> each.group(1)).toList());
                assertEquals(Set.of(client), named, block.text());
            }
        }
    }

    @Test
    void theClientTakesEveryConfigurationOfThePages() throws Exception {
        int count = 0;
        for (GuidePage page : GuidePage.all()) {
            for (GuidePage.Block block : page.blocks()) {
                if (block.language().equals("config") || block.language().equals("cfg")) {
                    Map<String, Object> values = block.language().equals("config") ? config(block.text())
                            : cfg(block.text());
                    assertTaken(page.name() + "\n" + block.text(), values);
                    count++;
                }
            }
        }
        assertTrue(count > 7, "configurations: " + count);
    }

    /** As Felix File Install reads it. */
    private static Map<String, Object> config(String text) throws IOException {
        var read = ConfigurationHandler.read(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
        Map<String, Object> values = new HashMap<>();
        for (Object key : Collections.list((Enumeration<?>) read.keys())) {
            values.put(String.valueOf(key), read.get(key));
        }
        assertFalse(values.isEmpty(), text);
        return values;
    }

    private static Map<String, Object> cfg(String text) throws IOException {
        Properties read = new Properties();
        read.load(new StringReader(text));
        Map<String, Object> values = new HashMap<>();
        read.forEach((key, value) -> values.put(key.toString(), value));
        return values;
    }

    /** The client's own parser is not public. */
    private static void assertTaken(String what, Map<String, Object> values) throws ReflectiveOperationException {
        Class<?> type = Class.forName("mqtt.resilient.impl.engine.Configuration");
        Constructor<?> constructor = type.getDeclaredConstructor(Map.class);
        constructor.setAccessible(true);
        Object configuration = constructor.newInstance(values);
        try {
            call(configuration, "settings", "client-id", "/place");
            call(configuration, "subscriptions");
            call(configuration, "networkSource");
        } catch (InvocationTargetException e) {
            throw new AssertionError(what + e.getCause().getMessage(), e);
        }
        assertEquals(Set.of(), call(configuration, "unknownKeys"), what);
    }

    private static Object call(Object target, String name, Object... arguments) throws ReflectiveOperationException {
        Class<?>[] types = new Class<?>[arguments.length];
        Arrays.fill(types, String.class);
        Method method = target.getClass().getDeclaredMethod(name, types);
        method.setAccessible(true);
        return method.invoke(target, arguments);
    }
}
