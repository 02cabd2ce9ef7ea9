package mqtt.resilient.impl.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import mqtt.resilient.impl.link.BrokerUri;

/** What somebody writes into {@code brokers}: it is a broker, or refused without repeating a password. */
final class BrokerUriTarget implements Target {
    private static final String SECRET = "SECRET";

    @Override
    public String name() {
        return "broker-uri";
    }

    @Override
    public List<byte[]> seeds() {
        return bytes("mqtt://broker.example", "mqtts://10.0.0.1:8884", "ws://my_broker/mqtt?token=SECRET",
                "mqtt://[::1]:1883",
                "wss://[fe80::1%25eth0]/a/b%20c", "mqtt://user:SECRET@broker:1883", " mqtt://broker/ ", "mqtt://h#f");
    }

    @Override
    public List<byte[]> words() {
        return bytes("://", "mqtt", "mqtts:", "ws", "@", "?", "#", ":", "[", "]", "%", "/", "\\", "\n", " ", "_",
                "65536",
                "0", "ü", "user:SECRET@", "?t=SECRET", "..");
    }

    private static List<byte[]> bytes(String... texts) {
        return Stream.of(texts).map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
    }

    @Override
    public int maxBytes() {
        return 200;
    }

    @Override
    public long allocationLimit(int inputBytes) {
        return 65_536 + 1000L * inputBytes; // texts and patterns, of a few characters
    }

    @Override
    public void decode(byte[] input) {
        try {
            BrokerUri.parse(new String(input, StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            return; // a refusal
        }
    }

    @Override
    public String check(byte[] input) {
        String text = new String(input, StandardCharsets.UTF_8);
        BrokerUri uri;
        try {
            uri = BrokerUri.parse(text);
        } catch (IllegalArgumentException e) {
            if (e.getClass() != IllegalArgumentException.class) {
                throw e;
            }
            if (text.lastIndexOf(SECRET) < text.lastIndexOf('@') && e.getMessage().contains(SECRET)) {
                throw new AssertionError("the password is told: " + e.getMessage(), e);
            }
            return e.getMessage().replaceAll("\".*?\"", "");
        }
        if (uri.host().isEmpty() || uri.port() < 1 || uri.port() > 65_535 || uri.host().matches(".*[\\[\\]@/\\s].*")) {
            throw new AssertionError(uri + " of " + text);
        }
        if (uri.path().indexOf('?') < 0 && !BrokerUri.parse(uri.toString()).equals(uri)) {
            throw new AssertionError(uri + " is not " + BrokerUri.parse(uri.toString()));
        }
        return uri.scheme() + " " + uri.host().replaceAll("[a-z]+", "a") + " " + uri.path().replaceAll("[a-z]+", "a");
    }
}
