package mqtt.resilient.brokers;

import com.hivemq.configuration.service.InternalConfigurations;
import com.hivemq.embedded.EmbeddedExtension;
import com.hivemq.embedded.EmbeddedHiveMQ;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * HiveMQ Community Edition: MQTT 5 in full and by the letter, with small limits, so that they are felt. Arguments: see
 * {@link Arguments}.
 */
public final class HiveMq {
    private static final String CONFIG = """
            <hivemq>
              <listeners><tcp-listener><port>%d</port><bind-address>127.0.0.1</bind-address></tcp-listener></listeners>
              <mqtt>
                <receive-maximum><server-receive-maximum>7</server-receive-maximum></receive-maximum>
                <packets><max-packet-size>20000</max-packet-size></packets>
                <topic-alias><enabled>true</enabled><max-per-client>5</max-per-client></topic-alias>
                <keep-alive><max-keep-alive>40</max-keep-alive><allow-unlimited>false</allow-unlimited></keep-alive>
                <session-expiry><max-interval>90000</max-interval></session-expiry>
              </mqtt>
              <anonymous-usage-statistics><enabled>false</enabled></anonymous-usage-statistics>
            </hivemq>
            """;

    /** Its 64 take half a gigabyte of disk when they are empty. */
    private static final int BUCKETS = 4;

    private HiveMq() {
    }

    /**
     * Runs the broker until the process is ended.
     *
     * @param arguments port, directory, process id of the parent
     * @throws IOException if its directory cannot be written
     */
    public static void main(String[] arguments) throws IOException {
        Arguments given = Arguments.of(arguments).endWithParent();
        Path conf = Files.createDirectories(given.directory().resolve("conf"));
        Files.writeString(conf.resolve("config.xml"), CONFIG.formatted(given.port()));
        InternalConfigurations.PERSISTENCE_BUCKET_COUNT.set(BUCKETS);
        InternalConfigurations.PAYLOAD_PERSISTENCE_BUCKET_COUNT.set(BUCKETS);
        EmbeddedHiveMQ broker = EmbeddedHiveMQ.builder().withConfigurationFolder(conf)
                .withDataFolder(Files.createDirectories(given.directory().resolve("data")))
                .withExtensionsFolder(Files.createDirectories(given.directory().resolve("extensions")))
                .withEmbeddedExtension(EmbeddedExtension.builder().withId("rules").withName("rules").withVersion("1")
                        .withAuthor("mqtt.resilient").withPriority(0).withStartPriority(1000)
                        .withExtensionMain(new HiveMqRules()).build())
                .build();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> broker.stop().join(), "broker-stop"));
        broker.start().join();
    }
}
