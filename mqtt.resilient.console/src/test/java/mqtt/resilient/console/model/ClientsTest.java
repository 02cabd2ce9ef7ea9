package mqtt.resilient.console.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import mqtt.resilient.api.ConnectionListener;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.ResilientMqttClient;
import org.junit.jupiter.api.Test;

/** Which clients there are, and where their events come from. */
class ClientsTest {
    private final Clients clients = new Clients();
    private ConnectionListener listener;

    private ResilientMqttClient client() {
        return (ResilientMqttClient) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {ResilientMqttClient.class},
                (self, method, arguments) -> {
                    if (method.getName().equals("addConnectionListener")) {
                        listener = (ConnectionListener) arguments[0];
                        return null;
                    }
                    return method.getName().equals("equals") ? self == arguments[0] : method.getReturnType() == int.class ? 1 : null;
                });
    }

    private List<String> logged() {
        return clients.log().of("plant").stream().map(each -> each.kind() + " " + each.text()).toList();
    }

    @Test
    void aClientIsThereUntilItsServiceIsGone() {
        ResilientMqttClient plant = client();
        clients.addClient(plant, Map.of("mqtt.client", "plant"));
        clients.addClient(client(), Map.of("mqtt.client", "attic"));
        assertEquals(List.of("attic", "plant"), clients.names());
        assertSame(plant, clients.client("plant"));
        clients.removeClient(plant, Map.of("mqtt.client", "plant"));
        assertEquals("there is no client \"plant\"; there is attic",
                assertThrows(IllegalArgumentException.class, () -> clients.client("plant")).getMessage());
        assertThrows(IllegalArgumentException.class, () -> clients.inspector("attic"), "it has none yet");
    }

    @Test
    void withoutEventAdminTheChangesOfTheConnectionAreLogged() {
        clients.addClient(client(), Map.of("mqtt.client", "plant"));
        listener.onChange(Figures.status(ConnectionState.RESOLVING, "", Duration.ZERO));
        listener.onChange(Figures.status(ConnectionState.ONLINE, "connected", Duration.ZERO));
        listener.onChange(Figures.status(ConnectionState.WAITING, "refused", Duration.ZERO));
        listener.onChange(Figures.status(ConnectionState.PAUSED, "disconnect() was called", Duration.ZERO));
        List<String> expected = List.of("CONNECTED connected (mqtt://10.0.0.5:1883)", "DISCONNECTED refused (mqtt://10.0.0.5:1883)",
                "PAUSED disconnect() was called (mqtt://10.0.0.5:1883)");
        assertEquals(expected, logged());
        clients.eventsCome(true);
        listener.onChange(Figures.status(ConnectionState.ONLINE, "connected", Duration.ZERO));
        assertEquals(expected, logged(), "EventAdmin brings it");
    }
}
