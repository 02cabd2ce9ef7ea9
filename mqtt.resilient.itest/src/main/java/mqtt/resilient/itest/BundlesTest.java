package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;

/** The product's bundles in a real framework. */
class BundlesTest {
    private final BundleContext context = FrameworkUtil.getBundle(BundlesTest.class).getBundleContext();

    @Test
    void everyBundleOfTheProductIsActive() {
        for (String name : List.of("mqtt.resilient.api", "mqtt.resilient.impl")) {
            assertEquals(Bundle.ACTIVE, bundle(name).getState(), name);
        }
    }

    @Test
    void noBundleOfTheProductImportsJavaPackages() {
        for (String name : List.of("mqtt.resilient.api", "mqtt.resilient.impl")) {
            String imports = bundle(name).getHeaders("").get("Import-Package");
            assertFalse(imports != null && imports.matches("(.*,)?java\\..*"), imports);
        }
    }

    private Bundle bundle(String name) {
        return Stream.of(context.getBundles()).filter(bundle -> bundle.getSymbolicName().equals(name)).findFirst()
                .orElseThrow(() -> new AssertionError(name + " is not installed"));
    }
}
