package mqtt.resilient.impl.simulation;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * A deliberate defect: a patch of one source file. It is applied to a copy, which is compiled and loaded beside
 * everything else as it is; the code that is shipped knows nothing of it.
 *
 * @param name what is wrong
 * @param file the source file, below the package {@code mqtt.resilient.impl}, or {@code mqtt.resilient} if it begins
 *        with v5
 * @param from the text that is replaced; it is there exactly once
 * @param to what comes in its place
 */
record Defect(String name, String file, String from, String to) {
    private static final String PACKAGE = "mqtt/resilient/";
    private static final String FIVE = "v5/";

    private String path() {
        return PACKAGE + (file.startsWith(FIVE) ? "" : "impl/") + file;
    }

    /**
     * The source with the defect; throws if the text to patch is not there exactly once. {@code root} holds the
     * modules.
     */
    String patched(Path root) throws IOException {
        Path original = root.resolve(file.startsWith(FIVE) ? "mqtt.resilient.v5" : "mqtt.resilient.impl")
                .resolve("src/main/java")
                .resolve(path());
        String code = Files.readString(original);
        int at = code.indexOf(from);
        if (at < 0 || code.indexOf(from, at + 1) >= 0) {
            throw new IOException(
                    name + ": the text to patch is " + (at < 0 ? "not" : "more than once") + " in " + file + ": "
                            + from);
        }
        return code.substring(0, at) + to + code.substring(at + from.length());
    }

    /** Everything that is needed to run simulations with this defect; {@code root} holds the modules. */
    URLClassLoader load(Path root, Path work) throws IOException {
        String path = path();
        Path copy = work.resolve("source/" + path);
        Path classes = work.resolve("classes");
        Files.createDirectories(copy.getParent());
        Files.createDirectories(classes);
        Files.writeString(copy, patched(root));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            boolean compiled = compiler.getTask(messages, files, null,
                    List.of("-proc:none", "-nowarn", "-d", classes.toString(), "-cp",
                            System.getProperty("java.class.path")),
                    null, files.getJavaFileObjects(copy)).call();
            if (!compiled) {
                throw new IOException(name + ": the patched " + file + " cannot be compiled: " + messages);
            }
        }
        List<URL> urls = new ArrayList<>();
        urls.add(classes.toUri().toURL());
        for (String entry : System.getProperty("java.class.path").split(java.io.File.pathSeparator)) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        URLClassLoader loader = new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
        loader.setDefaultAssertionStatus(true);
        return loader;
    }

    /** What a simulation finds with the code of a loader; null = nothing. */
    static String find(ClassLoader loader, String profile, long seed) throws IOException {
        try {
            return (String) loader.loadClass(Simulate.class.getName()).getMethod("find", String.class, long.class)
                    .invoke(null, profile, seed);
        } catch (InvocationTargetException e) {
            throw new IOException("seed " + seed + " of " + profile, e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IOException(e);
        }
    }
}
