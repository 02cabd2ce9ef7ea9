package mqtt.resilient.impl.component;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.impl.engine.ManagedClient;
import mqtt.resilient.spi.ClientFactory;
import mqtt.resilient.spi.ClientInspector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;

/**
 * The services of a client are registered and unregistered in any case, also when the framework finds no heap at first.
 */
@Timeout(60)
class EngineComponentTest {
    private final BlockingQueue<String> calls = new LinkedBlockingQueue<>();
    private final AtomicInteger failures = new AtomicInteger();
    private EngineComponent component;

    @BeforeEach
    void start() throws IOException {
        component = new EngineComponent(stub(BundleContext.class, "register"));
    }

    @AfterEach
    void stop() throws InterruptedException {
        component.deactivate();
    }

    /** Writes down what is registered and unregistered, unless it fails. */
    private <T> T stub(Class<T> type, String name) {
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type }, (self, method, arguments) -> {
                    switch (method.getName()) {
                        case "registerService" :
                            String service = ((Class<?>) arguments[0]).getSimpleName();
                            call("register " + service);
                            return stub(ServiceRegistration.class, service);
                        case "unregister" :
                            call("unregister " + name);
                            return null;
                        default :
                            return null;
                    }
                }));
    }

    private void call(String what) {
        if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            throw new OutOfMemoryError("Java heap space");
        }
        calls.add(what);
    }

    private String next() throws InterruptedException {
        return calls.poll(30, TimeUnit.SECONDS);
    }

    @Test
    void whatFailsForWantOfHeapIsDoneAgainAndOnlyOnce() throws InterruptedException {
        component.add(new EngineComponent.ClientWatcher() {
            @Override
            public void added(ManagedClient client) {
                calls.add("added");
            }

            @Override
            public void removed(ManagedClient client) {
                calls.add("removed");
            }
        });
        failures.set(2);
        ClientFactory.ManagedMqttClient client = component.make("plant");
        client.reject("for the test");
        assertEquals("register " + ResilientMqttClient.class.getSimpleName(), next());
        assertEquals("register " + ClientInspector.class.getSimpleName(), next());
        assertEquals("added", next());
        failures.set(1);
        client.dispose();
        assertEquals("removed", next());
        assertEquals("removed", next());
        assertEquals("unregister " + ResilientMqttClient.class.getSimpleName(), next());
        assertEquals("unregister " + ClientInspector.class.getSimpleName(), next());
    }
}
