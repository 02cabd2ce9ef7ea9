package mqtt.resilient.impl.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import mqtt.resilient.impl.engine.Keys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is a broker, and what is said about what is not. */
class BrokerUriTest {

    @ParameterizedTest
    @CsvSource({
        "mqtt://broker, mqtt, broker, 1883, ''",
        "mqtt://broker:1884, mqtt, broker, 1884, ''",
        "mqtt://broker/, mqtt, broker, 1883, ''",
        "mqtts://broker, mqtts, broker, 8883, ''",
        "ws://broker, ws, broker, 80, /",
        "wss://broker, wss, broker, 443, /",
        "ws://broker/mqtt, ws, broker, 80, /mqtt",
        "wss://broker:8443/mqtt?a=b&c=d, wss, broker, 8443, /mqtt?a=b&c=d",
        "mqtt://10.1.2.3:1, mqtt, 10.1.2.3, 1, ''",
        "mqtt://[::1]:65535, mqtt, ::1, 65535, ''",
        "mqtt://[fe80::1], mqtt, fe80::1, 1883, ''",
        "mqtt://[fe80::1%eth0], mqtt, fe80::1%eth0, 1883, ''",
        "mqtt://[fe80::1%25eth0], mqtt, fe80::1%eth0, 1883, ''",
        "mqtts://[fe80::1%25eth0]:8884, mqtts, fe80::1%eth0, 8884, ''",
        "mqtt://[fe80::1%251], mqtt, fe80::1%1, 1883, ''",
        "mqtt://[fe80::1%25], mqtt, fe80::1%25, 1883, ''",
        "mqtt://a-b.example.com, mqtt, a-b.example.com, 1883, ''",
        "mqtt://plant_broker_1, mqtt, plant_broker_1, 1883, ''",
        "wss://plant_broker.example:8443/mqtt, wss, plant_broker.example, 8443, /mqtt",
        "mqtts://broker.example., mqtts, broker.example., 8883, ''",
        "'  mqtt://broker  ', mqtt, broker, 1883, ''" })
    void isABroker(String text, String scheme, String host, int port, String path) {
        BrokerUri uri = BrokerUri.parse(text);
        assertEquals(new BrokerUri(scheme, host, port, path), uri);
        assertEquals(uri, BrokerUri.parse(uri.toString().replace("?…", path.contains("?")
                ? path.substring(path.indexOf('?')) : "?…")), "its text reads back");
    }

    @ParameterizedTest
    @CsvSource({
        "broker, scheme",
        "broker:1883, scheme",
        "'', scheme",
        "tcp://broker, scheme",
        "http://broker, scheme",
        "ssl://broker, scheme",
        "//broker, scheme",
        "mqtt:, URI",
        "mqtt:broker, broker",
        "mqtt://, URI",
        "mqtt:///path, broker",
        "mqtt://broker/path, broker",
        "mqtt://broker?query, broker",
        "mqtt://broker#fragment, broker",
        "ws://broker/path#fragment, broker",
        "mqtt://bro ker, URI",
        "mqtt://broker:0, port",
        "mqtt://broker:65536, port",
        "mqtt://broker:99999999999999999999, port",
        "mqtt://broker:-1, port",
        "mqtt://broker:+1, port",
        "mqtt://plant_broker:x, port",
        "mqtt://plant_br$ker, broker",
        "mqtt://broker:abc, port",
        "mqtt://broker:, port",
        "mqtt://[::1, URI",
        "mqtt://u:p@broker, user",
        "mqtt://u@broker, user",
        "mqtt://:p@broker, user",
        "mqtt://@broker, user" })
    void isNoBrokerAndTheErrorSaysWhy(String text, String what) {
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class, () -> BrokerUri.parse(text));
        assertTrue(error.getMessage().contains(what), error.getMessage());
        assertTrue(error.getMessage().startsWith("\""), "it shows the value: " + error.getMessage());
        assertTrue(error.getMessage().contains("allowed") || what.equals("user"), error.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = { "mqtt://user:geheim@broker", "mqtt://user:geheim@broker:1883", "mqtt://geheim@broker",
        "mqtt://user:ge%68eim-geheim@broker", "mqtt://user:a@geheim@broker", "tcp://user:geheim@broker",
        "mqtt://user:geheim@bro ker", "mqtt://user:geheim@broker:99999", "mqtt://user:geheim@broker/path",
        "mqtt://user:geheim/2@broker", "mqtt://user:x/geheim@broker", "mqtt://user:geheim?@broker",
        "mqtt://user:geheim#@broker", "mqtts://user:1/geheim@broker", "ws://user:geheim@broker/p#f",
        "wss://broker/mqtt?token=geheim#f", "wss://bro ker/mqtt?token=geheim" })
    void aSecretIsNeverShown(String text) {
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class, () -> BrokerUri.parse(text));
        assertFalse(error.getMessage().contains("geheim"), error.getMessage());
    }

    @Test
    void aNameWithADotAtItsEndIsResolvedWithItAndVerifiedWithout() {
        BrokerUri uri = BrokerUri.parse("mqtts://broker.example.");
        assertEquals("broker.example.", uri.host());
        assertEquals("broker.example", Keys.settings().link().route(uri, null).host());
    }

    @Test
    void theTextHidesTheQuery() {
        assertEquals("wss://broker:443/mqtt?…", BrokerUri.parse("wss://broker/mqtt?token=geheim").toString());
    }
}
