package mqtt.resilient.impl.session;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.store.MemoryStore;
import mqtt.resilient.spi.packet.Publish;
import org.junit.jupiter.api.Test;

/** What is received and not acknowledged. */
class ReceiverTest implements Incoming.Listener {
    private final ConnectionState connection = new ConnectionState();
    private final Receiver receiver = new Receiver(connection, new AcknowledgementQueue(), new MemoryStore(), this,
            new Counters());
    private Incoming handedOver;

    @Override
    public void received(Incoming message) {
        handedOver = message;
    }

    @Override
    public void oversized(String topic, int size) {
        throw new AssertionError("it is small");
    }

    /** What the listeners get of a PUBLISH; null = nothing. */
    private Incoming received(boolean duplicate) {
        handedOver = null;
        receiver.publishReceived(
                new Publish("t", new byte[1], Qos.EXACTLY_ONCE, false, duplicate, 5, Publish.Details.NONE));
        return handedOver;
    }

    @Test
    void aMessageThatIsForgottenIsNoDuplicateAlsoAfterItWasHandled() {
        connection.begin(null, BrokerLimits.NONE);
        Incoming incoming = received(false);
        receiver.handled(incoming);
        receiver.forget(incoming);
        connection.begin(null, BrokerLimits.NONE);
        assertNotNull(received(true));
        assertNull(received(true));
    }
}
