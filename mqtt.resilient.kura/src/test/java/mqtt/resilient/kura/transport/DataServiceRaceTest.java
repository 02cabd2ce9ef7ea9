package mqtt.resilient.kura.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import mqtt.resilient.kura.StandInClient;
import org.eclipse.kura.data.DataTransportService;
import org.eclipse.kura.data.DataTransportToken;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Kura's DataService loses a confirmation that comes too early, and with ten of them stops for good. */
@Timeout(180)
class DataServiceRaceTest {
    private static final int MESSAGES = Boolean.getBoolean("tests.full") ? 100_000 : 10_000;

    private final StandInClient client = new StandInClient();
    private final DataTransport transport = new DataTransport();
    private final ExecutorService broker = Executors.newSingleThreadExecutor();

    @AfterEach
    void stop() {
        broker.shutdownNow();
    }

    private void connect() throws Exception {
        transport.factory = client;
        transport.activate(new HashMap<>(Map.of("kura.service.pid", "transport", "broker-url", "mqtt://broker:1883/",
                "client-id", "gateway")));
        transport.connect();
    }

    @Test
    void theModelStopsWithATransportThatConfirmsAtOnce() throws Exception {
        connect();
        DataTransportService hasty = (DataTransportService) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] { DataTransportService.class }, new Hasty());
        DataServiceModel service = new DataServiceModel(hasty, 100, 1);
        assertEquals(0, service.awaitConfirmed(100, 200));
        assertEquals(9, service.untracked);
        service.stop();
    }

    /** Connected, and confirms before publish returns. */
    private static final class Hasty implements InvocationHandler {
        private DataServiceModel service;
        private int last;

        @Override
        public Object invoke(Object proxy, Method method, Object[] arguments) {
            if (method.getName().equals("publish")) {
                DataTransportToken token = new DataTransportToken(++last, "session");
                service.onMessageConfirmed(token);
                return token;
            } else if (method.getName().equals("addDataTransportListener")) {
                service = (DataServiceModel) arguments[0];
            }
            return method.getName().equals("isConnected") ? true : null;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = { 0, 1, 2 })
    @Tag("full")
    void allMessagesPassHoweverFastTheBrokerConfirms(int qos) throws Exception {
        client.confirmer = broker;
        client.keeps = false;
        connect();
        DataServiceModel service = new DataServiceModel(transport, MESSAGES, qos);
        assertEquals(MESSAGES, service.awaitConfirmed(MESSAGES, 5000));
        assertEquals(0, service.untracked);
        service.stop();
    }

    @Test
    @Tag("full")
    void theyPassAlsoWhenTheEngineConfirmsBeforePublishReturns() throws Exception {
        client.confirmer = Runnable::run;
        client.keeps = false;
        connect();
        DataServiceModel service = new DataServiceModel(transport, MESSAGES, 1);
        assertEquals(MESSAGES, service.awaitConfirmed(MESSAGES, 5000));
        assertEquals(0, service.untracked);
        service.stop();
    }

    @Test
    void aThreadThatNeverCallsAgainIsConfirmedAllTheSame() throws Exception {
        client.confirmer = broker;
        connect();
        DataServiceModel listener = new DataServiceModel(transport, 0, 1);
        Thread once = new Thread(() -> {
            try {
                transport.publish("a", new byte[1], 1, false);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        once.start();
        once.join();
        while (listener.untracked == 0) {
            Thread.sleep(5);
        }
        assertTrue(listener.untracked == 1);
        listener.stop();
    }
}
