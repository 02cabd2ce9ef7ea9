package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.Collections;
import java.util.Hashtable;
import java.util.Map;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.eclipse.kura.configuration.ConfigurableComponent;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/** A Kura that has not all of the packages, or has them in other versions. */
class KuraPartsTest extends FrameworkTest {
    @ParameterizedTest
    @CsvSource({
        "org.eclipse.kura.data,            transport, client cloud.CloudEndpoint cloud.CloudPublisher "
                + "cloud.CloudSubscriber",
        "org.eclipse.kura.message,         store,     client transport",
        "org.eclipse.kura.connection,      store,     client transport cloud.CloudEndpoint",
        "org.eclipse.kura.cloudconnection, cloud.CloudEndpoint, client transport store" })
    void whatNeedsAMissingPackageIsNotThereAndAllElseIs(String missing, String gone, String others) throws Exception {
        Bundle whole = bundle("mqtt.resilient.kura");
        closing(whole::start);
        whole.stop();
        Bundle poor = context.installBundle("itest:poor", without(whole, missing));
        closing(poor::uninstall);
        poor.start();
        KuraStandIn kura = closing(KuraStandIn.complete(context));
        ConfigurationAdmin admin = context.getService(context.getServiceReference(ConfigurationAdmin.class));
        Configuration configuration = admin.createFactoryConfiguration("mqtt.resilient.kura." + gone, "?");
        closing(configuration::delete);
        configuration.update(new Hashtable<>(Map.of("kura.service.pid", "gone")));
        for (String other : others.split(" ")) {
            String factory = "mqtt.resilient.kura." + other;
            assertSame(poor, kura.create(factory, other, "mqtt.client", "poor").getBundle(), other);
        }
        for (ServiceReference<?> nothing : context.getServiceReferences(ConfigurableComponent.class,
                "(kura.service.pid=gone)")) {
            assertNull(context.getService(nothing), gone); // its class cannot be loaded
        }
    }

    /** The same bundle, which does not import the packages that begin with a name. */
    private static InputStream without(Bundle bundle, String missing) throws IOException {
        Manifest manifest;
        try (InputStream in = bundle.getEntry("META-INF/MANIFEST.MF").openStream()) {
            manifest = new Manifest(in);
        }
        String imports = manifest.getMainAttributes().getValue(Constants.IMPORT_PACKAGE);
        manifest.getMainAttributes().putValue(Constants.IMPORT_PACKAGE,
                Stream.of(imports.split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)"))
                        .filter(each -> !each.startsWith(missing + ";") && !each.startsWith(missing + "."))
                        .collect(Collectors.joining(",")));
        manifest.getMainAttributes().putValue(Constants.BUNDLE_SYMBOLICNAME, "mqtt.resilient.kura.poor");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JarOutputStream jar = new JarOutputStream(bytes, manifest)) {
            for (URL entry : Collections.list(bundle.findEntries("/", "*", true))) {
                String name = entry.getPath().substring(1);
                if (!name.endsWith("/") && !name.equals("META-INF/MANIFEST.MF")) {
                    jar.putNextEntry(new ZipEntry(name));
                    try (InputStream in = entry.openStream()) {
                        in.transferTo(jar);
                    }
                    jar.closeEntry();
                }
            }
        }
        return new ByteArrayInputStream(bytes.toByteArray());
    }
}
