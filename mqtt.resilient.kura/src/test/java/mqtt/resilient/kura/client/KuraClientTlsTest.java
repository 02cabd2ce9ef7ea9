package mqtt.resilient.kura.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.spi.ClientFactory;
import mqtt.resilient.spi.TlsMaterial;
import org.junit.jupiter.api.Test;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;

/** Which keys and trust a client has while its configuration changes. */
class KuraClientTlsTest {
    private final Map<String, Object> properties = new HashMap<>(
            Map.of("kura.service.pid", "c", "brokers", "mqtts://b", "store.directory", "/s",
                    "SslManagerService.target", "(a=1)"));
    private String error = "";
    private TlsMaterial asked;
    private int following;

    private <T> T standIn(Class<T> type, Map<String, Object> answers) {
        return type
                .cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type }, (proxy, method, args) -> {
                    if (method.getName().equals("status")) {
                        return new ClientStatus("c", ConnectionState.ONLINE, Instant.EPOCH, "", "", "", "", 1,
                                Duration.ZERO, false,
                                error, 0, BrokerLimits.NONE, StoreHealth.OK, "", List.of());
                    } else if (method.getName().equals("registerService")) {
                        following++;
                    } else if (method.getName().equals("unregister")) {
                        following--;
                    }
                    return answers.get(method.getName());
                }));
    }

    private final ClientFactory.ManagedMqttClient managed = new ClientFactory.ManagedMqttClient() {
        @Override
        public void configure(Map<String, ?> wanted, TlsMaterial tls) {
            asked = tls;
        }

        @Override
        public void reject(String reason) {
            throw new AssertionError(reason);
        }

        @Override
        public ResilientMqttClient client() {
            return standIn(ResilientMqttClient.class, Map.of());
        }

        @Override
        public void dispose() {
            // nothing
        }
    };

    @Test
    void theKeysOfTheLastGoodConfigurationStayWhileAnotherOneIsRefused() {
        KuraClient client = new KuraClient(standIn(BundleContext.class, Map.of("registerService",
                standIn(ServiceRegistration.class, Map.of()))), name -> managed, properties);
        client.start();
        TlsMaterial first = asked;
        assertEquals(1, following);
        error = "keepalive.seconds: \"x\" is not allowed";
        Map<String, Object> other = new HashMap<>(properties);
        other.put("SslManagerService.target", "(a=2)");
        client.modified(other);
        assertNotSame(first, asked);
        assertEquals(2, following); // the client goes on with the first
        error = "";
        client.modified(properties);
        assertSame(first, asked); // the connection stays
        assertEquals(1, following);
        client.stop();
        assertEquals(0, following);
    }
}
