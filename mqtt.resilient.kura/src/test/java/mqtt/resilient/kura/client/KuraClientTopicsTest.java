package mqtt.resilient.kura.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import mqtt.resilient.kura.StandInClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The variables in the topics of the will and the birth message. */
class KuraClientTopicsTest {
    private final StandInClient engine = new StandInClient();
    private final Map<String, Object> properties = new HashMap<>(Map.of("kura.service.pid", "c", "brokers", "mqtt://b",
            "store.directory", "/s", "kura.ssl.manager", false, "topic.context.account-name", "acme", "client.id", "g1",
            "will.topic", "$EDC/#account-name/#client-id/MQTT/LWT", "birth.topic", "#account-name/state"));

    private Map<String, Object> configured() {
        new KuraClient(null, engine, properties).start();
        return engine.configurations.isEmpty() ? Map.of() : engine.configurations.get(0);
    }

    @Test
    void theAccountAndTheClientIdentifierStandInTheWillAndTheBirthMessage() {
        Map<String, Object> configured = configured();
        assertEquals("$EDC/acme/g1/MQTT/LWT", configured.get("will.topic"));
        assertEquals("acme/state", configured.get("birth.topic"));
        assertFalse(configured.containsKey("topic.context.account-name"), "the engine does not know it");
    }

    @ParameterizedTest
    @ValueSource(strings = { "", "*" })
    void aClientIdentifierThatNobodyHasEnteredIsNoPartOfAWill(String id) {
        properties.put("client.id", id);
        assertEquals(Map.of(), configured());
        assertEquals(
                List.of("will.topic: \"$EDC/#account-name/#client-id/MQTT/LWT\" is not allowed without a client.id "
                        + "that is entered, which #client-id stands for"),
                engine.refusals);
    }

    @Test
    void otherTopicsAreLeftAsTheyAre() {
        properties.put("will.topic", "a/b");
        properties.put("birth.topic", "#other/state");
        Map<String, Object> configured = configured();
        assertEquals("a/b", configured.get("will.topic"));
        assertEquals("#other/state", configured.get("birth.topic"));
        assertTrue(engine.refusals.isEmpty());
    }
}
