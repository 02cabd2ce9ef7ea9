package mqtt.resilient.impl.dispatch;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.session.Incoming;
import mqtt.resilient.spi.packet.Publish;
import org.junit.jupiter.api.Test;

/** What a received message counts for against {@code inbound.max.bytes}. */
class ReceptionTest {
    private static int size(int userProperties, int identifiers) {
        MessageProperties.Builder properties = MessageProperties.builder();
        for (int i = 0; i < userProperties; i++) {
            properties.userProperty("", "");
        }
        return new Reception(new Incoming(new Publish("t", new byte[0], Qos.AT_MOST_ONCE, false, false, 0,
                new Publish.Details(properties.build(), -1, Collections.nCopies(identifiers, 1))), 1)).size();
    }

    @Test
    void manySmallPropertiesCountForTheMemoryThatTheyTake() {
        assertTrue(size(1000, 0) - size(0, 0) >= 100 * 1000);
        assertTrue(size(0, 1000) - size(0, 0) >= 20 * 1000);
    }
}
