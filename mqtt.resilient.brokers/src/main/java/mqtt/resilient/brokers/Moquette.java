package mqtt.resilient.brokers;

import io.moquette.broker.Server;
import io.moquette.broker.config.IConfig;
import java.io.IOException;
import java.util.Properties;

/** Moquette, a broker that does not know MQTT 5. Arguments: see {@link Arguments}. */
public final class Moquette {
    private Moquette() {
    }

    /**
     * Runs the broker until the process is ended.
     *
     * @param arguments port, directory, process id of the parent
     * @throws IOException if it does not start
     */
    public static void main(String[] arguments) throws IOException {
        Arguments given = Arguments.of(arguments).endWithParent();
        Properties properties = new Properties();
        properties.setProperty(IConfig.HOST_PROPERTY_NAME, "127.0.0.1");
        properties.setProperty(IConfig.PORT_PROPERTY_NAME, String.valueOf(given.port()));
        properties.setProperty(IConfig.ALLOW_ANONYMOUS_PROPERTY_NAME, "true");
        properties.setProperty(IConfig.ENABLE_TELEMETRY_NAME, "false");
        properties.setProperty(IConfig.DATA_PATH_PROPERTY_NAME, given.directory().toString());
        Server server = new Server();
        server.startServer(properties);
        Runtime.getRuntime().addShutdownHook(new Thread(server::stopServer, "broker-stop"));
    }
}
