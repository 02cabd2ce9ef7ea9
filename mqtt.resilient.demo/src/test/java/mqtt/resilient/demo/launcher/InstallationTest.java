package mqtt.resilient.demo.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;

/** What a framework holds after each start, in a Felix that is started again and again on one storage. */
class InstallationTest {
    @TempDir
    Path directory;
    private Path jars;
    private Path storage;
    private Framework framework;

    @BeforeEach
    void twoBundles() throws IOException {
        jars = Files.createDirectory(directory.resolve("jars"));
        storage = directory.resolve("storage");
        jar("first", "1.0.0");
        jar("second", "1.0.0");
    }

    @AfterEach
    void stop() throws BundleException, InterruptedException {
        if (framework != null) {
            framework.stop();
            framework.waitForStop(10_000);
            framework = null;
        }
    }

    /** Installs and starts, as the launcher does. */
    private BundleContext start() throws BundleException, IOException, InterruptedException {
        stop();
        framework = ServiceLoader.load(FrameworkFactory.class).findFirst().orElseThrow()
                .newFramework(Map.of(Constants.FRAMEWORK_STORAGE, storage.toString(), "felix.log.level", "0"));
        framework.init();
        Installation.update(framework.getBundleContext(), jars);
        framework.start();
        return framework.getBundleContext();
    }

    private static byte[] bundle(String name, String version) {
        Manifest manifest = new Manifest();
        Attributes headers = manifest.getMainAttributes();
        headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        headers.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
        headers.putValue(Constants.BUNDLE_SYMBOLICNAME, name + ";singleton:=true");
        headers.putValue(Constants.BUNDLE_VERSION, version);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JarOutputStream jar = new JarOutputStream(bytes, manifest)) {
            jar.finish();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private void jar(String name, String version) throws IOException {
        Files.write(jars.resolve(name + "-" + version + ".jar"), bundle(name, version));
    }

    private Bundle named(String name) {
        return Stream.of(framework.getBundleContext().getBundles()).filter(each -> name.equals(each.getSymbolicName()))
                .findFirst().orElse(null);
    }

    private void assertAllAreStarted() {
        for (String name : List.of("first", "second")) {
            assertEquals(Bundle.ACTIVE, named(name).getState(), name);
        }
        assertEquals(3, framework.getBundleContext().getBundles().length);
    }

    @Test
    void theBundlesOfTheDirectoryAreInstalledAndStarted() throws Exception {
        start();
        assertAllAreStarted();
        start();
        assertAllAreStarted();
    }

    @Test
    void aDamagedListOfWhatIsInstalledIsMadeAnew() throws Exception {
        start();
        stop();
        Path digests = storage.resolve("launcher.digests");
        String before = Files.readString(digests).replaceAll("(?m)^#.*", "");
        Files.writeString(digests, "a=\\u00zz\n");
        start();
        assertAllAreStarted();
        assertEquals(before, Files.readString(digests).replaceAll("(?m)^#.*", ""));
    }

    @Test
    void whatSomebodyInstalledStaysAndWhatHeStoppedStaysStopped() throws Exception {
        BundleContext context = start();
        context.installBundle("by:hand", new ByteArrayInputStream(bundle("third", "1.0.0"))).start();
        named("second").stop();
        long id = named("first").getBundleId();
        start();
        assertEquals(Bundle.ACTIVE, named("third").getState());
        assertEquals(Bundle.ACTIVE, named("first").getState());
        assertEquals(id, named("first").getBundleId());
        assertNotEquals(Bundle.ACTIVE, named("second").getState());
    }

    @Test
    void aChangedJarUpdatesItsBundleAndItsDataStays() throws Exception {
        start();
        Path data = named("second").getBundleContext().getDataFile("journal").toPath();
        Files.writeString(data, "pending");
        long other = named("first").getLastModified();
        Files.delete(jars.resolve("second-1.0.0.jar"));
        jar("second", "1.1.0");
        start();
        assertAllAreStarted();
        assertEquals("1.1.0", named("second").getVersion().toString());
        assertEquals("pending", Files.readString(named("second").getBundleContext().getDataFile("journal").toPath()));
        assertEquals(other, named("first").getLastModified());
    }

    @Test
    void aStoppedBundleIsUpdatedAndStaysStopped() throws Exception {
        start();
        named("second").stop();
        Files.delete(jars.resolve("second-1.0.0.jar"));
        jar("second", "1.1.0");
        start();
        assertEquals("1.1.0", named("second").getVersion().toString());
        assertNotEquals(Bundle.ACTIVE, named("second").getState());
    }

    @Test
    void whatIsNoLongerInTheDirectoryIsUninstalledAndComesBack() throws Exception {
        start();
        Files.delete(jars.resolve("second-1.0.0.jar"));
        start();
        assertNull(named("second"));
        jar("second", "1.0.0");
        start();
        assertAllAreStarted();
    }

    @Test
    void whatSomebodyUninstalledIsThereAgain() throws Exception {
        start();
        named("second").uninstall();
        start();
        assertAllAreStarted();
    }

    @Test
    void aFirstStartThatWasCutAnywhereIsDoneAgain() throws Exception {
        framework = ServiceLoader.load(FrameworkFactory.class).findFirst().orElseThrow()
                .newFramework(Map.of(Constants.FRAMEWORK_STORAGE, storage.toString(), "felix.log.level", "0"));
        framework.init();
        // Installed, not yet marked as started.
        framework.getBundleContext().installBundle("launcher:first",
                new ByteArrayInputStream(bundle("first", "0.9.0")));
        start();
        assertAllAreStarted();
        assertEquals("1.0.0", named("first").getVersion().toString());
    }

    @Test
    void filesThatAPowerCutEmptiedDoNotBreakTheNextStart() throws Exception {
        start();
        stop();
        Path healthy = storage;
        List<Path> files;
        try (Stream<Path> all = Files.walk(healthy)) {
            files = all.filter(Files::isRegularFile).map(healthy::relativize).toList();
        }
        assertTrue(files.size() > 4, files::toString);
        for (int i = 0; i < files.size(); i++) {
            storage = directory.resolve("storage" + i);
            copy(healthy, storage);
            Files.write(storage.resolve(files.get(i)), new byte[0]);
            start();
            assertAllAreStarted();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }

    @Test
    void twoJarsOfOneBundleAreRefusedByTheirNames() throws IOException {
        jar("second", "1.1.0");
        String message = assertThrows(IllegalArgumentException.class, this::start).getMessage();
        assertTrue(message.contains("second-1.0.0.jar") && message.contains("second-1.1.0.jar"), message);
    }

    @Test
    void aJarThatIsNoBundleIsRefusedByItsName() throws IOException {
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(jars.resolve("plain.jar")),
                new Manifest())) {
            jar.finish();
        }
        String message = assertThrows(IllegalArgumentException.class, this::start).getMessage();
        assertTrue(message.contains("plain.jar"), message);
    }
}
