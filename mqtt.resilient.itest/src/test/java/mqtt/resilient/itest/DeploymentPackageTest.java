package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.jar.JarInputStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.eclipse.osgi.launch.EquinoxFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;

/** The deployment package, in the framework of Kura 5 with its DeploymentAdmin; Kura's API is the stub. */
@Timeout(180)
class DeploymentPackageTest {
    private static final List<String> PLATFORM = List.of("org.eclipse.osgi.util-3.5.300",
            "org.eclipse.osgi.services-3.9.0",
            "slf4j-api-", "slf4j-simple-", "org.apache.felix.scr-2.1.16", "org.eclipse.equinox.cm-",
            "org.eclipse.equinox.event-", "org.eclipse.equinox.metatype-", "org.apache.felix.dependencymanager-",
            "org.apache.felix.deploymentadmin-");
    private static final List<String> PRODUCT = List.of("mqtt.resilient.api", "mqtt.resilient.v5",
            "mqtt.resilient.impl",
            "mqtt.resilient.console", "mqtt.resilient.kura");

    @TempDir
    Path storage;
    private Framework framework;
    private BundleContext context;

    @BeforeEach
    void start() throws BundleException, IOException {
        framework = new EquinoxFactory().newFramework(Map.of(Constants.FRAMEWORK_STORAGE, storage.toString()));
        framework.start();
        context = framework.getBundleContext();
        List<Bundle> bundles = new ArrayList<>();
        bundles.add(context.installBundle(Path.of(System.getProperty("kura.stub")).toUri().toString()));
        for (String name : PLATFORM) {
            try (Stream<Path> files = Files.list(Path.of(System.getProperty("kura.platform")))) {
                Path jar = files.filter(file -> file.getFileName().toString().startsWith(name)).findFirst()
                        .orElseThrow();
                bundles.add(context.installBundle(jar.toUri().toString()));
            }
        }
        for (Bundle bundle : bundles) {
            if (bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
                bundle.start();
            }
        }
    }

    @AfterEach
    void stop() throws BundleException, InterruptedException {
        framework.stop();
        framework.waitForStop(20_000);
    }

    private static byte[] deploymentPackage() throws IOException {
        return Files.readAllBytes(Path.of(System.getProperty("kura.package")));
    }

    @Test
    void theManifestIsTheFirstEntryAndNamesTheBundlesInTheirOrderWithTheirVersions() throws IOException {
        List<String> named = new ArrayList<>();
        List<String> there = new ArrayList<>();
        byte[] content = deploymentPackage();
        try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(content))) {
            assertEquals("META-INF/MANIFEST.MF", zip.getNextEntry().getName());
            String text = new String(zip.readAllBytes(), StandardCharsets.UTF_8);
            text.lines().filter(line -> line.startsWith("Name: ")).forEach(line -> named.add(line.substring(6)));
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                there.add(entry.getName());
            }
        }
        assertEquals(PRODUCT.stream().map(name -> "bundles/" + name + ".jar").toList(), named);
        assertEquals(named, there);
        try (JarInputStream jar = new JarInputStream(new ByteArrayInputStream(content))) {
            for (ZipEntry entry = jar.getNextEntry(); entry != null; entry = jar.getNextEntry()) {
                var says = jar.getManifest().getAttributes(entry.getName());
                var is = new JarInputStream(new ByteArrayInputStream(jar.readAllBytes())).getManifest()
                        .getMainAttributes();
                assertEquals(is.getValue(Constants.BUNDLE_VERSION), says.getValue(Constants.BUNDLE_VERSION));
                assertEquals(is.getValue(Constants.BUNDLE_SYMBOLICNAME), says.getValue(Constants.BUNDLE_SYMBOLICNAME));
            }
        }
    }

    @Test
    void thePackageInstallsAndMakesAClientAndCanBeInstalledAgainAndRemoved() throws Exception {
        install();
        for (String name : PRODUCT) {
            assertEquals(Bundle.ACTIVE, bundle(name).getState(), name);
        }
        makeClient();
        await("(kura.service.pid=plant)", "org.eclipse.kura.configuration.ConfigurableComponent");
        await("(mqtt.client=plant)", "mqtt.resilient.api.ResilientMqttClient");
        Object deploymentPackage = install(); // as after an update of Kura
        await("(mqtt.client=plant)", "mqtt.resilient.api.ResilientMqttClient");
        call(deploymentPackage, "uninstall");
        assertArrayEquals(new Object[0], Stream.of(context.getBundles()).map(Bundle::getSymbolicName)
                .filter(PRODUCT::contains).toArray());
    }

    /** DeploymentAdmin and ConfigAdmin are classes of the framework, not of this test. */
    private Object install() throws Exception {
        Object admin = service("org.osgi.service.deploymentadmin.DeploymentAdmin");
        try (InputStream in = new ByteArrayInputStream(deploymentPackage())) {
            return call(admin, "installDeploymentPackage", in);
        }
    }

    private void makeClient() throws Exception {
        Object admin = service("org.osgi.service.cm.ConfigurationAdmin");
        Object configuration = call(admin, "createFactoryConfiguration", "mqtt.resilient.kura.client", "?");
        call(configuration, "update", new Hashtable<>(Map.of("kura.service.pid", "plant",
                "brokers", "mqtt://127.0.0.1:1", "store.directory",
                storage.resolve("store").toString())));
    }

    private static Object call(Object target, String name, Object... arguments) throws ReflectiveOperationException {
        Method method = Stream.of(target.getClass().getMethods()).filter(each -> each.getName().equals(name)
                && each.getParameterCount() == arguments.length).findFirst().orElseThrow();
        method.setAccessible(true); // the classes are not public
        return method.invoke(target, arguments);
    }

    private Object service(String type) {
        return context.getService(await(null, type));
    }

    private ServiceReference<?> await(String filter, String type) {
        Await.until(type + filter, () -> find(filter, type) != null);
        return find(filter, type);
    }

    private ServiceReference<?> find(String filter, String type) {
        try { // all: the system bundle has none of the classes
            ServiceReference<?>[] found = context.getAllServiceReferences(type, filter);
            return found == null ? null : found[0];
        } catch (InvalidSyntaxException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private Bundle bundle(String name) {
        return Stream.of(context.getBundles()).filter(bundle -> name.equals(bundle.getSymbolicName())).findFirst()
                .orElseThrow(() -> new AssertionError(name + " is not installed"));
    }
}
