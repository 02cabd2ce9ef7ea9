package mqtt.resilient.itest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A broker with a listener for every way in: one Mosquitto, or where there is none the {@link TestBroker} with a
 * {@link Relay} in front of it for each.
 */
final class BrokerDoors implements AutoCloseable {
    /** A listener: its scheme and its certificate. */
    enum Door {
        PLAIN("mqtt", null), TLS("mqtts", "server"), CLIENT_CERTIFICATE("mqtts", "server"), EXPIRED("mqtts", "expired"),
        NOT_YET_VALID("mqtts", "future"), OTHER_NAME("mqtts", "other-name"), FOREIGN("mqtts", "foreign"),
        WEB_SOCKET("ws", null), SECURE_WEB_SOCKET("wss", "server");

        private final String scheme;
        private final String certificate;

        Door(String scheme, String certificate) {
            this.scheme = scheme;
            this.certificate = certificate;
        }

        private boolean isWebSocket() {
            return scheme.startsWith("ws");
        }
    }

    private final Map<Door, Integer> ports = new EnumMap<>(Door.class);
    private final Map<Door, Relay> relays = new EnumMap<>(Door.class);
    private final boolean mosquitto;
    private TestBroker broker;
    private Program program;
    private Path directory;

    BrokerDoors(Certificates certificates) {
        Optional<Path> found = Program.find("mosquitto");
        mosquitto = found.isPresent();
        if (mosquitto) {
            startMosquitto(found.get(), certificates);
        } else {
            startRelays(certificates);
        }
    }

    private void startMosquitto(Path mosquittoPath, Certificates certificates) {
        // user root: started by root, it would become the user mosquitto, who may not read the keys.
        StringBuilder config = new StringBuilder("user root\nallow_anonymous true\npersistence false\n"
                + "max_queued_messages 0\n");
        for (Door door : Door.values()) {
            ports.put(door, TestBroker.freePort());
            config.append("listener ").append(ports.get(door)).append(" 127.0.0.1\n");
            if (door.isWebSocket()) {
                config.append("protocol websockets\n");
            }
            if (door.certificate != null) {
                Path pem = certificates.pem(door.certificate);
                config.append("certfile ").append(pem).append("\nkeyfile ").append(pem).append('\n');
            }
            if (door == Door.CLIENT_CERTIFICATE) {
                config.append("cafile ").append(certificates.authority()).append("\nrequire_certificate true\n");
            }
        }
        try {
            directory = Files.createTempDirectory("itest-doors");
            Path file = Files.writeString(directory.resolve("mosquitto.conf"), config);
            program = new Program(List.of(mosquittoPath.toString(), "-c", file.toString()), ports.get(Door.PLAIN),
                    directory.resolve("log"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void startRelays(Certificates certificates) {
        broker = new TestBroker().start();
        for (Door door : Door.values()) {
            Relay relay = door.isWebSocket()
                    ? Relay.webSocket(broker.port(),
                            door.certificate == null ? null : certificates.context(door.certificate))
                    : door.certificate == null ? Relay.plain(broker.port())
                            : Relay.tls(broker.port(), certificates.context(door.certificate), List.of(),
                                    door == Door.CLIENT_CERTIFICATE);
            relays.put(door, relay);
            ports.put(door, relay.port());
        }
    }

    /** {@return whether it is Mosquitto} */
    boolean isMosquitto() {
        return mosquitto;
    }

    int port(Door door) {
        return ports.get(door);
    }

    /** {@return for the key {@code brokers}; by name, as certificates have it} */
    String uri(Door door) {
        return uri(door, "localhost");
    }

    /** {@return for the key {@code brokers}} */
    String uri(Door door, String host) {
        return door.scheme + "://" + host + ":" + port(door) + (door.isWebSocket() ? "/mqtt" : "");
    }

    @Override
    public void close() {
        relays.values().forEach(Relay::close);
        if (broker != null) {
            broker.close();
        }
        if (program != null) {
            program.close();
            try {
                Files.deleteIfExists(directory.resolve("log"));
                Files.deleteIfExists(directory.resolve("mosquitto.conf"));
                Files.deleteIfExists(directory);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
