package mqtt.resilient.demo;

import java.nio.file.Path;
import org.osgi.framework.BundleContext;

/** What {@code bin/gateway} tells the demo bundle, as framework or system properties. */
final class GatewayProperties {
    /** The state directory. */
    static final String DIRECTORY = "gateway.directory";
    /** The broker that the client {@code demo} is configured with at first. */
    static final String BROKER = "gateway.broker";
    /** {@code true}: configure that broker even if somebody changed it since. */
    static final String BROKER_REQUIRED = "gateway.broker.required";
    /** The user of that broker; empty: none. */
    static final String USER = "gateway.user";
    /** The file whose first line is the password of that user. */
    static final String PASSWORD = "gateway.password";

    private GatewayProperties() {
    }

    static Path directory(BundleContext context) {
        String directory = context.getProperty(DIRECTORY);
        return Path.of(directory == null ? "" : directory).toAbsolutePath();
    }
}
