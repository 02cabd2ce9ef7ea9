package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.BundleWiring;

/** The product's bundles in a real framework: what they need and what they show. */
class BundlesTest {
    private static final String API = "mqtt.resilient.api";
    private static final String ENGINE = "mqtt.resilient.impl";
    private static final String CONSOLE = "mqtt.resilient.console";

    @ParameterizedTest
    @ValueSource(strings = { API, ENGINE, CONSOLE })
    void theBundleIsActiveAndResolved(String name) {
        assertEquals(Bundle.ACTIVE, bundle(name).getState());
        assertNotNull(bundle(name).adapt(BundleWiring.class));
    }

    @ParameterizedTest
    @ValueSource(strings = { API, ENGINE, CONSOLE })
    void theBundleImportsNoJavaPackage(String name) {
        assertFalse(packages(name).stream().anyMatch(filter -> filter.contains("=java.")), packages(name).toString());
    }

    @Test
    void theEngineTakesSlf4jFrom17To2() {
        String slf4j = packages(ENGINE).stream().filter(filter -> filter.contains("=org.slf4j)")).findFirst()
                .orElseThrow();
        assertTrue(slf4j.contains("(version>=1.7.0)") && slf4j.contains("(!(version>=3.0.0))"), slf4j);
    }

    @Test
    void theEngineNeedsNeitherEventAdminNorMetatype() {
        for (BundleRequirement requirement : bundle(ENGINE).adapt(BundleRevision.class)
                .getDeclaredRequirements(null)) {
            String text = requirement.getNamespace() + requirement.getDirectives();
            if (text.contains("org.osgi.service.event") || text.contains("metatype")) {
                assertEquals(Constants.RESOLUTION_OPTIONAL, requirement.getDirectives()
                        .get(Constants.RESOLUTION_DIRECTIVE), text);
            }
        }
    }

    @Test
    void theEngineNeedsNoPackageButThoseOfTheJdkTheFrameworkAndSlf4j() {
        assertEquals(List.of("org.osgi.framework", "org.slf4j"), mandatory(ENGINE));
    }

    @Test
    void theConsoleNeedsNeitherShellNorServletsNorEventAdmin() {
        assertEquals(List.of("org.osgi.framework", "org.slf4j"), mandatory(CONSOLE));
    }

    private static List<String> mandatory(String bundle) {
        return requirements(bundle).filter(requirement -> !Constants.RESOLUTION_OPTIONAL
                .equals(requirement.getDirectives().get(Constants.RESOLUTION_DIRECTIVE)))
                .map(requirement -> requirement.getDirectives().get(Constants.FILTER_DIRECTIVE)
                        .replaceFirst(".*osgi.wiring.package=([a-z0-9.]+).*", "$1"))
                .filter(name -> !name.matches("mqtt\\.resilient\\.(api|spi.*)") && !name.startsWith("javax.")).sorted()
                .toList();
    }

    @Test
    void theEngineShowsNoPackage() {
        assertTrue(bundle(ENGINE).adapt(BundleWiring.class).getCapabilities(PackageNamespace.PACKAGE_NAMESPACE)
                .isEmpty());
    }

    @Test
    void theComponentsNeedNoMoreThanDeclarativeServices14() throws IOException {
        List<URL> descriptions = Collections.list(bundle(ENGINE).findEntries("OSGI-INF", "*.xml", false));
        assertFalse(descriptions.isEmpty());
        for (URL description : descriptions) {
            try (InputStream in = description.openStream()) {
                String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                assertTrue(text.contains("scr/v1.4.0") || text.contains("scr/v1.3.0") || text.contains("scr/v1.1.0"),
                        text);
            }
        }
    }

    @Test
    void theTestsUseTheSameApiAsTheEngine() {
        assertNull(bundle(ENGINE).getEntry("mqtt/resilient/api"), "the api must not be copied into the engine");
    }

    private static Stream<BundleRequirement> requirements(String bundle) {
        return bundle(bundle).adapt(BundleRevision.class).getDeclaredRequirements(PackageNamespace.PACKAGE_NAMESPACE)
                .stream();
    }

    private static List<String> packages(String bundle) {
        return requirements(bundle).map(requirement -> requirement.getDirectives().get(Constants.FILTER_DIRECTIVE))
                .toList();
    }

    private static Bundle bundle(String name) {
        return Stream.of(FrameworkUtil.getBundle(BundlesTest.class).getBundleContext().getBundles())
                .filter(bundle -> name.equals(bundle.getSymbolicName())).findFirst()
                .orElseThrow(() -> new AssertionError(name + " is not installed"));
    }
}
