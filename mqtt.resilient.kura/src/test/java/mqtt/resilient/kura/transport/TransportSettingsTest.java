package mqtt.resilient.kura.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each option of Kura's MQTT transport means here what it means there. */
class TransportSettingsTest {
    private final Map<String, Object> properties = new HashMap<>(Map.of("broker-url", "mqtt://host:1883/"));

    private TransportSettings read() {
        return TransportSettings.read(properties, "secret", "AA:BB");
    }

    private Object engine(String key) {
        return read().engine().get(key);
    }

    @Test
    void kurasDefaultsBecomeAClientWithACleanSessionAndAStoreInMemory() {
        assertEquals(List.of("mqtt://host:1883/"), engine("brokers"));
        assertEquals("AA:BB", engine("client.id"));
        assertEquals(0L, ((Number) engine("session.expiry.seconds")).longValue());
        assertEquals("3.1.1", engine("protocol"));
        assertEquals("memory", engine("store"));
        assertEquals(10, read().timeoutSeconds());
        assertEquals(10, read().maxInFlight());
        assertFalse(read().engine().containsKey(".password")); // no user
        assertFalse(read().engine().containsKey("will.topic"));
    }

    @Test
    void everyOptionFindsItsPlace() {
        properties
                .putAll(Map.of("username", "me", "keep-alive", 44, "timeout", "20", "clean-session", false, "lwt.topic",
                        "$EDC/#account-name/#client-id/LWT", "lwt.payload", "gone", "lwt.qos", 1, "lwt.retain", true,
                        "topic.context.account-name", "acme", "client-id", "a/b+c#d.e"));
        properties.put("protocol-version", 5);
        properties.put("broker-url", "ssl://one:8883, wss://two/mqtt");
        assertEquals(List.of("mqtts://one:8883", "wss://two/mqtt"), engine("brokers"));
        assertEquals("me", engine("user"));
        assertEquals("secret", engine(".password"));
        assertEquals(44, engine("keepalive.seconds"));
        assertEquals("20", engine("response.seconds"));
        assertEquals(20, engine("connect.seconds"));
        assertEquals(604_800L, engine("session.expiry.seconds"));
        assertEquals("a-b-c-d-e", engine("client.id"));
        assertEquals("$EDC/acme/a-b-c-d-e/LWT", engine("will.topic"));
        assertEquals("gone", engine("will.payload"));
        assertEquals(1, engine("will.qos"));
        assertEquals(true, engine("will.retain"));
        assertEquals("5", engine("protocol"));
    }

    @ParameterizedTest
    @CsvSource({ "timeout,abc", "timeout,0", "in-flight.max,0", "clean-session,1", "protocol-version,6",
        "in-flight.persistence,tape" })
    void aValueThatMakesNoSenseIsNamedWithItsKeyAndWhatIsAllowed(String key, String value) {
        properties.put(key, value);
        String reason = assertThrows(IllegalArgumentException.class, this::read).getMessage();
        assertTrue(reason.startsWith(key + ": \"" + value + "\" is not allowed; allowed: "), reason);
    }

    @Test
    void aReasonOfTheEngineNamesTheKeyThatTheUserKnows() {
        assertEquals("keep-alive: \"-1\" is not allowed",
                TransportSettings.inKurasWords("keepalive.seconds: \"-1\" is not allowed"));
        assertEquals("anything else", TransportSettings.inKurasWords("anything else"));
    }

    @ParameterizedTest
    @CsvSource({ "#,a/b,true", "a/#,a,true", "a/+,a/b,true", "a/+,a/b/c,false", "a/b,a/b,true", "a,b,false",
        "#,$a/b,false",
        "$a/#,$a/b,true", "+/b,$a/b,false", "$share/g/a/#,a/x,true", "a/+/c,a//c,true" })
    void filtersMatchAsMqttSays(String filter, String topic, boolean expected) {
        assertEquals(expected, Filters.matches(filter, topic));
    }
}
