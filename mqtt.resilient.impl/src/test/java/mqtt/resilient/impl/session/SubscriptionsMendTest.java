package mqtt.resilient.impl.session;

import static org.junit.jupiter.api.Assertions.*;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.*;
import mqtt.resilient.impl.environment.ConnectionHandler.Output;
import mqtt.resilient.spi.packet.*;
import mqtt.resilient.impl.codec.Mqtt311;
import mqtt.resilient.spi.Codec;
import mqtt.resilient.impl.world.VirtualScheduler;
import org.junit.jupiter.api.Test;

/** Subscriptions where the heap is short. */
class SubscriptionsMendTest {
    private boolean outOfMemory;

    @SuppressWarnings("unchecked")
    private <T> T fake(Class<T> type) {
        return (T) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { type }, (p, m, a) -> {
            if (outOfMemory && m.getName().equals("removed")) {
                outOfMemory = false;
                throw new OutOfMemoryError("Java heap space");
            }
            return m.getReturnType() == boolean.class ? false : m.getReturnType() == int.class ? 0 : null;
        });
    }

    @Test
    void whatALostConnectionLeftHalfDoneIsAskedForAgain() throws Exception {
        ByteBuffer[] last = new ByteBuffer[1];
        Output out = (Output) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { Output.class },
                (p, m, a) -> {
                    last[0] = ByteBuffer.allocate((int) a[0]);
                    return last[0];
                });
        Codec codec = new Mqtt311().newCodec();
        PacketIds ids = new PacketIds(20);
        Subscriptions subscriptions = new Subscriptions(ids, fake(SubscriptionListener.class), fake(MessageStore.class),
                new VirtualScheduler(), new Verdict(new SendWindow.Wire(), new VirtualScheduler()));
        subscriptions.want("f", 1, false);
        subscriptions.fill(codec, out);
        int id = 1;
        subscriptions.answered(PacketType.SUBACK, id, new int[] { 1 }, Reason.SUCCESS);
        subscriptions.unwant("f", List.of());
        subscriptions.fill(codec, out);
        subscriptions.want("f", 1, false);
        subscriptions.want("g", 1, false);
        subscriptions.fill(codec, out);
        outOfMemory = true;
        assertThrows(OutOfMemoryError.class, subscriptions::connectionLost);
        subscriptions.mend();
        subscriptions.sessionLost();
        subscriptions.fill(codec, out);
        assertEquals(1, subscriptions.pending(), "one SUBSCRIBE with both filters");
        assertEquals(2 + 2 + 2 * 4, last[0].capacity(), "both filters");
    }
}
