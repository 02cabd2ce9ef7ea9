package mqtt.resilient.kura.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import mqtt.resilient.kura.StandInClient;
import org.eclipse.kura.configuration.ComponentConfiguration;
import org.eclipse.kura.configuration.ConfigurationService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which DataService uses the transport. */
@Timeout(180)
class DataServiceTargetTest {
    private static final String OURS = "(kura.service.pid=ours)";

    private final LinkedBlockingQueue<String> asked = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<String> updates = new LinkedBlockingQueue<>();
    private final Map<String, Map<String, Object>> components = new HashMap<>(
            Map.of("data", Map.of("DataTransportService.target", "(kura.service.pid=MqttDataTransport)")));
    private final ConfigurationService kura = standIn(ConfigurationService.class);
    private final DataTransport transport = new DataTransport();
    private final Map<String, Object> properties = new HashMap<>(Map.of("kura.service.pid", "ours", "broker-url",
            "mqtt://b", "client-id", "c", "kura.data.service", "data"));

    private <T> T standIn(Class<T> type) {
        return type
                .cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type }, (proxy, method, args) -> {
                    if (method.getName().equals("updateConfiguration")) {
                        updates.add(args[0] + " " + args[1]);
                    } else if (method.getName().equals("getComponentConfiguration")) {
                        asked.add(String.valueOf(args[0]));
                        current = components.get(args[0]);
                        return current == null ? null : standIn(ComponentConfiguration.class);
                    }
                    return method.getName().equals("getConfigurationProperties") ? current : null;
                }));
    }

    private volatile Map<String, Object> current;

    private void activate() {
        transport.factory = new StandInClient();
        transport.activate(properties);
    }

    @AfterEach
    void stop() {
        transport.deactivate();
    }

    @Test
    void theDataServiceInTheFormIsToldToUseThisTransportOnce() throws Exception {
        transport.setConfigurationService(kura);
        activate();
        assertEquals("data {DataTransportService.target=" + OURS + "}", updates.poll(60, TimeUnit.SECONDS));
        components.put("data", Map.of("DataTransportService.target", OURS));
        asked.clear();
        transport.modified(properties);
        assertEquals("data", asked.poll(60, TimeUnit.SECONDS));
        assertNull(updates.poll(100, TimeUnit.MILLISECONDS));
    }

    @Test
    void itIsToldAlsoWhenKurasConfigurationServiceComesLater() throws Exception {
        activate();
        transport.setConfigurationService(kura);
        assertEquals("data {DataTransportService.target=" + OURS + "}", updates.poll(60, TimeUnit.SECONDS));
    }

    @Test
    void aDataServiceThatThereIsNotChangesNothing() throws Exception {
        properties.put("kura.data.service", "none");
        transport.setConfigurationService(kura);
        activate();
        assertEquals("none", asked.poll(60, TimeUnit.SECONDS));
        assertNull(updates.poll(100, TimeUnit.MILLISECONDS));
    }

    @Test
    void withoutANameNothingIsAsked() throws Exception {
        properties.remove("kura.data.service");
        transport.setConfigurationService(kura);
        activate();
        assertNull(asked.poll(100, TimeUnit.MILLISECONDS));
    }
}
