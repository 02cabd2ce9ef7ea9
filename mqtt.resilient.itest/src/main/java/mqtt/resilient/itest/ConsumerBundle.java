package mqtt.resilient.itest;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import mqtt.resilient.itest.consumer.ConsumerActivator;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;

/**
 * A bundle that uses the product, made on the spot: with {@link ConsumerActivator} and a class loader of its own, or
 * without any class, so that the test acts with its context.
 */
final class ConsumerBundle implements AutoCloseable {
    private final Bundle bundle;
    private final Manifest manifest = new Manifest();
    private final boolean active;

    private ConsumerBundle(BundleContext context, String name, boolean active) throws BundleException {
        this.active = active;
        Attributes headers = manifest.getMainAttributes();
        headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        headers.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
        headers.putValue(Constants.BUNDLE_SYMBOLICNAME, "itest.consumer." + name);
        headers.putValue(Constants.IMPORT_PACKAGE, "mqtt.resilient.api,org.osgi.framework");
        if (active) {
            headers.putValue(Constants.BUNDLE_ACTIVATOR, ConsumerActivator.class.getName());
        }
        bundle = context.installBundle("itest:" + name, jar());
    }

    /** A started bundle without classes. */
    static ConsumerBundle started(BundleContext context, String name) throws BundleException {
        return started(context, name, false);
    }

    /** A started bundle with {@link ConsumerActivator}. */
    static ConsumerBundle startedWithClasses(BundleContext context, String name) throws BundleException {
        return started(context, name, true);
    }

    private static ConsumerBundle started(BundleContext context, String name, boolean active) throws BundleException {
        ConsumerBundle consumer = new ConsumerBundle(context, name, active);
        try {
            consumer.start();
        } catch (BundleException e) {
            consumer.close();
            throw e;
        }
        return consumer;
    }

    private InputStream jar() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JarOutputStream jar = new JarOutputStream(bytes, manifest)) {
            if (active) {
                String path = ConsumerActivator.class.getName().replace('.', '/') + ".class";
                jar.putNextEntry(new ZipEntry(path));
                try (InputStream in = ConsumerActivator.class.getResourceAsStream("/" + path)) {
                    in.transferTo(jar);
                }
                jar.closeEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new ByteArrayInputStream(bytes.toByteArray());
    }

    BundleContext context() {
        return bundle.getBundleContext();
    }

    void start() throws BundleException {
        bundle.start();
    }

    void stop() throws BundleException {
        bundle.stop();
    }

    /** Stops it, gives it a new class loader, and starts it again. */
    void update() throws BundleException {
        bundle.update(jar());
    }

    @Override
    public void close() throws BundleException {
        bundle.uninstall();
    }
}
