package mqtt.resilient.impl.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.store.MemoryStore;
import mqtt.resilient.spi.packet.Publish;
import org.junit.jupiter.api.Test;

/** What is received and not acknowledged. */
class ReceiverTest implements Incoming.Listener {
    private final CurrentConnection connection = new CurrentConnection();
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

    @Test
    void aReleaseThatCouldNotBeNotedForWantOfHeapIsNotedWhenTheBrokerRepeatsIt() {
        List<Object> noted = new ArrayList<>();
        boolean[] heapIsFull = { true };
        MessageStore store = (MessageStore) Proxy.newProxyInstance(getClass().getClassLoader(),
                new Class<?>[] { MessageStore.class }, (self, method, arguments) -> {
                    if (method.getName().equals("pubrelReceived")) {
                        if (heapIsFull[0]) {
                            throw new OutOfMemoryError("Java heap space");
                        }
                        noted.add(arguments[0]);
                    } else if (method.getName().equals("whenDurable")) {
                        ((Runnable) arguments[0]).run();
                    }
                    return null;
                });
        receiver.use(store);
        connection.begin(null, BrokerLimits.NONE);
        receiver.handled(received(false));
        assertThrows(OutOfMemoryError.class, () -> receiver.pubrelReceived(5));
        heapIsFull[0] = false;
        receiver.pubrelReceived(5);
        assertEquals(List.of(5), noted, "else the next message with this id is a duplicate after a restart");
    }
}
