package mqtt.resilient.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aQute.bnd.differ.Baseline;
import aQute.bnd.differ.Baseline.Info;
import aQute.bnd.differ.DiffPluginImpl;
import aQute.bnd.osgi.Jar;
import aQute.bnd.osgi.Processor;
import aQute.bnd.service.diff.Delta;
import aQute.bnd.version.Version;
import java.io.File;
import java.lang.reflect.Executable;
import java.lang.reflect.Modifier;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The exported packages beside those of the last release, which are in {@code cnf/baseline}: see
 * {@code docs/releasing.md}.
 */
class BaselineTest {
    private static final File RELEASED = new File("../cnf/baseline/mqtt.resilient.api.jar");
    private static final File BUILT = new File("target/classes");

    @Test
    void aPackageWhoseApiChangedSinceTheLastReleaseHasAVersionThatSaysSo() throws Exception {
        List<String> wrong = new ArrayList<>();
        for (Info info : compared()) {
            List<String> retyped = retyped(info.packageName);
            Version enough = info.suggestedVersion;
            if (!retyped.isEmpty()) {
                enough = new Version(info.olderVersion.getMajor() + 1, 0, 0);
            }
            if (info.packageDiff.getDelta() == Delta.REMOVED) {
                wrong.add("package " + info.packageName + " was exported with version " + info.olderVersion
                        + " by the last release and is no longer: export it again, or, for a new major version of the "
                        + "product,"
                        + " renew the baseline with bin/release --baseline");
            } else if (info.newerVersion.compareTo(enough) < 0) {
                wrong.add("package " + info.packageName + " changed since the last release, which had version "
                        + info.olderVersion
                        + ", and has version " + info.newerVersion + ": set @Version(\"" + enough
                        + "\") in src/main/java/"
                        + info.packageName.replace('.', '/') + "/package-info.java, or undo\n" + info.reason
                        + String.join("\n", retyped));
            }
        }
        assertTrue(wrong.isEmpty(), () -> String.join("\n", wrong));
    }

    private static List<Info> compared() throws Exception {
        try (Processor reporter = new Processor(); Jar built = new Jar(BUILT); Jar released = new Jar(RELEASED)) {
            Set<Info> packages = new Baseline(reporter, new DiffPluginImpl()).baseline(built, released, null);
            assertEquals(List.of(), reporter.getErrors());
            return packages.stream().sorted(Comparator.comparing(info -> info.packageName)).toList();
        }
    }

    /** What differs in its type arguments alone, which bnd does not compare. */
    private static List<String> retyped(String packageName) throws Exception {
        Map<String, String> before = signatures(RELEASED, packageName);
        Map<String, String> now = signatures(BUILT, packageName);
        return before.keySet().stream().filter(now::containsKey)
                .filter(each -> !Objects.equals(before.get(each), now.get(each)))
                .map(each -> "+ " + now.get(each) + "\n- " + before.get(each)).toList();
    }

    /** The methods and constructors that others can call, by their erased signature. */
    private static Map<String, String> signatures(File place, String packageName) throws Exception {
        Map<String, String> signatures = new TreeMap<>();
        String directory = packageName.replace('.', '/');
        try (Jar jar = new Jar(place);
                URLClassLoader loader = new URLClassLoader(new URL[] { place.toURI().toURL() },
                        ClassLoader.getPlatformClassLoader())) {
            Map<String, ?> files = jar.getDirectories().get(directory);
            for (String file : files == null ? Set.<String>of() : files.keySet()) {
                if (file.endsWith(".class") && !file.endsWith("/package-info.class")) {
                    Class<?> type = loader.loadClass(file.substring(0, file.length() - 6).replace('/', '.'));
                    Stream.<Executable>concat(Stream.of(type.getDeclaredMethods()),
                            Stream.of(type.getDeclaredConstructors()))
                            .filter(each -> !each.isSynthetic() && isVisible(type.getModifiers())
                                    && isVisible(each.getModifiers()))
                            .forEach(each -> signatures.put(each.toString(), each.toGenericString()));
                }
            }
        }
        return signatures;
    }

    private static boolean isVisible(int modifiers) {
        return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
    }
}
