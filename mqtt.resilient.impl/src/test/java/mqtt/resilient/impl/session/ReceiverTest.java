package mqtt.resilient.impl.session;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import mqtt.resilient.api.Qos;
import mqtt.resilient.spi.packet.Publish;
import org.junit.jupiter.api.Test;

/** What is received and not acknowledged. */
class ReceiverTest {
    private final Receiver receiver = new Receiver(new AcknowledgementQueue());

    private Incoming received(boolean duplicate, int connection) {
        return receiver.received(new Publish("t", new byte[1], Qos.EXACTLY_ONCE, false, duplicate, 5, Publish.Details.NONE), connection);
    }

    @Test
    void aMessageThatIsForgottenIsNoRepetitionAlsoAfterItWasLetGo() {
        Incoming incoming = received(false, 1);
        receiver.letGo(incoming);
        receiver.forget(incoming);
        assertNotNull(received(true, 2));
        assertNull(received(true, 2));
    }
}
