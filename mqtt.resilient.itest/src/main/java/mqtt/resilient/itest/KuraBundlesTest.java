package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.BundleWiring;

/** The product's bundles in a framework as Kura has it: with its packages in its versions. */
class KuraBundlesTest {
    private static final BundleContext CONTEXT = FrameworkUtil.getBundle(KuraBundlesTest.class).getBundleContext();

    @ParameterizedTest
    @ValueSource(strings = { "mqtt.resilient.api", "mqtt.resilient.v5", "mqtt.resilient.impl", "mqtt.resilient.kura" })
    void theBundleFindsEverythingThatItWantsInKura(String name) {
        Bundle bundle = bundle(name);
        assertEquals(Bundle.ACTIVE, bundle.getState());
        BundleWiring wiring = bundle.adapt(BundleWiring.class);
        Set<BundleRequirement> wired = wiring.getRequiredWires(null).stream().map(wire -> wire.getRequirement())
                .collect(Collectors.toSet());
        List<BundleRequirement> missing = bundle.adapt(BundleRevision.class).getDeclaredRequirements(null).stream()
                .filter(requirement -> !wired.contains(requirement) && isWired(requirement)).toList();
        assertEquals(List.of(), missing);
    }

    /** Not services, and not what the bundle exports itself. */
    private static boolean isWired(BundleRequirement requirement) {
        return !"active".equals(requirement.getDirectives().get("effective"))
                && requirement.getRevision().getDeclaredCapabilities(requirement.getNamespace()).stream()
                        .noneMatch(requirement::matches);
    }

    @ParameterizedTest
    @ValueSource(strings = { "mqtt.resilient.api", "mqtt.resilient.v5", "mqtt.resilient.impl", "mqtt.resilient.console",
        "mqtt.resilient.kura" })
    void onlyTheKuraBundleImportsKurasPackagesAndNoneHoldsThem(String name) {
        assertNull(bundle(name).getEntry("org/eclipse/kura"));
        assertEquals(name.equals("mqtt.resilient.kura"),
                bundle(name).getHeaders().get(Constants.IMPORT_PACKAGE).contains("org.eclipse.kura"));
    }

    private static Bundle bundle(String name) {
        return Stream.of(CONTEXT.getBundles()).filter(bundle -> name.equals(bundle.getSymbolicName())).findFirst()
                .orElseThrow(() -> new AssertionError(name + " is not installed"));
    }
}
