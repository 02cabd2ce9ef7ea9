package mqtt.resilient.impl.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.spi.packet.Reason;
import org.junit.jupiter.api.Test;

/** A message is settled once, also where that could not be told for want of heap. */
class SettlingTest {
    private final List<String> told = new ArrayList<>();
    private Error failure;
    private RuntimeException fault;
    private final Settling settling = new Settling(this::ended);

    private void ended(Outgoing message, Kind kind, Reason reason) {
        if (failure != null) {
            throw failure;
        }
        told.add(message.id() + " " + kind + " " + reason.text());
        if (fault != null) {
            throw fault;
        }
    }

    private static Outgoing message(int id) {
        return new Outgoing(id, Message.to("t").build(), 0);
    }

    @Test
    void whatCouldNotBeToldIsRememberedHoweverManyFollow() {
        Outgoing first = message(1);
        Outgoing second = message(2);
        failure = new OutOfMemoryError("Java heap space");
        assertThrows(OutOfMemoryError.class, () -> settling.settle(first, Kind.DROPPED, new Reason(0, "a")));
        assertThrows(OutOfMemoryError.class, () -> settling.settle(second, Kind.DELIVERED, new Reason(0, "b")));
        assertThrows(OutOfMemoryError.class, () -> settling.settle(first, Kind.CLOSED, new Reason(0, "c")));
        failure = null;
        settling.settle(message(3), Kind.EXPIRED, Reason.SUCCESS);
        assertEquals(List.of("1 DROPPED a", "2 DELIVERED b", "3 EXPIRED "), told);
        assertNull(second.message(), "its message is released");
        settling.resume();
        assertEquals(3, told.size());
    }

    @Test
    void aFaultOfTheReceiverBlocksNoOtherMessage() {
        fault = new IllegalStateException("a fault");
        assertThrows(IllegalStateException.class, () -> settling.settle(message(1), Kind.DROPPED, Reason.SUCCESS));
        fault = null;
        settling.settle(message(2), Kind.DELIVERED, Reason.SUCCESS);
        assertEquals(List.of("1 DROPPED ", "2 DELIVERED "), told);
    }
}
