package mqtt.resilient.console.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import org.junit.jupiter.api.Test;

class TailTest {
    private final List<String> shown = new ArrayList<>();
    private final Tail tail = new Tail(listener -> null);

    private void receive(int messages) {
        for (int i = 0; i < messages; i++) {
            tail.onMessage((ReceivedMessage) Proxy.newProxyInstance(getClass().getClassLoader(),
                    new Class<?>[] { ReceivedMessage.class },
                    (self, method, arguments) -> switch (method.getName()) {
                        case "topic" -> "a";
                        case "payload" -> new byte[] { 'x' };
                        case "qos" -> Qos.AT_MOST_ONCE;
                        case "retained" -> false;
                        default -> throw new UnsupportedOperationException(method.getName());
                    }));
        }
    }

    @Test
    void whatASlowBrowserDoesNotTakeIsShownLaterOrCounted() {
        receive(15);
        tail.show(messages -> false);
        receive(1000);
        tail.show(shown::add);
        tail.show(shown::add);
        assertEquals(1, shown.size());
        assertTrue(shown.get(0).startsWith("{\"left\":995,\"messages\":[{\"topic\":\"a\","), shown.get(0));
        assertEquals(20, shown.get(0).split("\"text\":\"x\"", -1).length - 1);
        receive(1);
        tail.show(shown::add);
        assertTrue(shown.get(1).startsWith("{\"left\":0,"), shown.get(1));
    }
}
