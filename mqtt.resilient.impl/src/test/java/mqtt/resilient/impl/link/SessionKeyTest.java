package mqtt.resilient.impl.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which session it is, and what the store keeps of that. */
class SessionKeyTest {
    private static final String BROKER = "mqtt://broker:1883";

    @ParameterizedTest
    @ValueSource(strings = { "mqtt://broker:1883 gw", "mqtt://broker:1883 gw 5", "cluster gw", "cluster gw 5",
        "mqtt://[::1]:1883 line 5 press 2", "mqtt://broker:1883 line 5 press 2 5", "wss://broker:443/mqtt?… gw 5",
        "mqtt://broker:1883 5", "mqtt://broker:1883 5 5", "mqtt://broker:1883  5", "mqtt://broker:1883 " })
    void whatTheStoreKeepsIsReadAndWrittenUnchanged(String text) {
        assertEquals(text, SessionKey.parse(text).text());
    }

    @Test
    void theClientIdentifierAndTheVersionAreReadFromTheStore() {
        assertEquals("gw", SessionKey.parse(BROKER + " gw").clientId());
        assertFalse(SessionKey.parse(BROKER + " gw").five());
        assertEquals("line 5 press 2", SessionKey.parse(BROKER + " line 5 press 2 5").clientId());
        assertTrue(SessionKey.parse(BROKER + " line 5 press 2 5").five());
        assertEquals("", SessionKey.parse(BROKER + "  5").clientId());
        assertNull(SessionKey.parse(""));
    }

    @Test
    void aClientIdentifierOfOneFiveIsNoVersion() {
        SessionKey key = SessionKey.parse(BROKER + " 5");
        assertEquals("5", key.clientId());
        assertFalse(key.five());
    }

    @Test
    void aClientIdentifierThatEndsLikeAVersionKeepsItsSession() {
        assertEquals(new SessionKey(BROKER, "line 5", false), SessionKey.parse(BROKER + " line 5"));
        assertEquals(new SessionKey(BROKER, "line 5", false).hashCode(),
                SessionKey.parse(BROKER + " line 5").hashCode());
    }

    @Test
    void aSessionOfMqtt5SupplantsThatOfTheSameClientOnly() {
        SessionKey three = new SessionKey(BROKER, "gw", false);
        assertTrue(new SessionKey(BROKER, "gw", true).supplants(three));
        assertFalse(three.supplants(new SessionKey(BROKER, "gw", true)));
        assertFalse(new SessionKey(BROKER, "gw2", true).supplants(three));
        assertFalse(new SessionKey("cluster", "gw", true).supplants(three));
        assertNotEquals(new SessionKey(BROKER, "gw", true), three);
    }
}
