package mqtt.resilient.console.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionListener;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.ResilientMqttClient;
import org.junit.jupiter.api.Test;

/** Which clients there are, and where their events come from. */
class ClientsTest {
    private final Clients clients = new Clients();
    private final List<String> called = new ArrayList<>();
    private ConnectionListener listener;
    private ClientStatus status = Figures.status(ConnectionState.ONLINE, Figures.NOW);

    private ResilientMqttClient client() {
        return (ResilientMqttClient) Proxy.newProxyInstance(getClass().getClassLoader(),
                new Class<?>[] { ResilientMqttClient.class },
                (self, method, arguments) -> {
                    if (method.getName().equals("addConnectionListener")) {
                        listener = (ConnectionListener) arguments[0];
                        ConnectionListener mine = listener;
                        return (AutoCloseable) () -> listener = listener == mine ? null : listener;
                    }
                    if (method.getName().equals("status")) {
                        return status;
                    } else if (method.getReturnType() == CompletionStage.class) {
                        called.add(method.getName());
                    }
                    return method.getName().equals("equals") ? self == arguments[0]
                            : method.getReturnType() == int.class ? 1 : null;
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
        assertEquals("there is no client \"plant\"; configured: attic",
                assertThrows(IllegalArgumentException.class, () -> clients.client("plant")).getMessage());
        assertThrows(IllegalArgumentException.class, () -> clients.inspector("attic"), "it has none yet");
    }

    @Test
    void withoutEventAdminTheChangesOfTheConnectionAreLogged() {
        clients.addClient(client(), Map.of("mqtt.client", "plant"));
        listener.onChange(Figures.status(ConnectionState.WAITING, "how it is, not what happened", Duration.ZERO));
        listener.onChange(Figures.status(ConnectionState.RESOLVING, "", Duration.ZERO));
        listener.onChange(Figures.status(ConnectionState.ONLINE, "connected", Duration.ZERO));
        listener.onChange(Figures.status(ConnectionState.WAITING, "refused", Duration.ZERO));
        listener.onChange(Figures.status(ConnectionState.PAUSED, "disconnect() was called", Duration.ZERO));
        List<String> expected = List.of("CONNECTED connected (mqtt://10.0.0.5:1883)",
                "DISCONNECTED refused (mqtt://10.0.0.5:1883)",
                "PAUSED disconnect() was called (mqtt://10.0.0.5:1883)");
        assertEquals(expected, logged());
        clients.eventsCome(true);
        assertNull(listener, "EventAdmin brings it");
        clients.addClient(client(), Map.of("mqtt.client", "other"));
        assertNull(listener);
        clients.eventsCome(false);
        listener.onChange(Figures.status(ConnectionState.WAITING, "how it is, not what happened", Duration.ZERO));
        assertEquals(expected, logged());
        listener.onChange(Figures.status(ConnectionState.ONLINE, "nobody else brings it", Duration.ZERO));
        assertEquals(4, logged().size());
    }

    @Test
    void anOutageIsOneStretchWhateverIsTriedMeanwhile() {
        Instant cut = Instant.now().minus(Duration.ofHours(5));
        clients.addClient(client(), Map.of("mqtt.client", "plant"));
        listener.onChange(Figures.status(ConnectionState.ONLINE, cut.minusSeconds(1000)));
        listener.onChange(Figures.status(ConnectionState.WAITING, cut));
        ClientStatus now = null;
        for (ConnectionState state : List.of(ConnectionState.RESOLVING, ConnectionState.CONNECTING,
                ConnectionState.WAITING)) {
            now = Figures.status(state, Instant.now());
            listener.onChange(now);
        }
        assertEquals(cut, clients.stretch(now).since());
        assertEquals(300, clients.stretch(now).lasts().toMinutes());
        ClientStatus online = Figures.status(ConnectionState.ONLINE, Instant.now());
        assertEquals(online.since(), clients.stretch(online).since(), "before the listener has heard of it");
        listener.onChange(online);
        assertEquals(online.since(), clients.stretch(online).since());
        assertEquals(now.since(), clients.stretch(now).since(), "another outage is another stretch");
    }

    @Test
    void withEventAdminItsEventsTellHowLongAnOutageLasts() {
        Instant cut = Instant.now().minus(Duration.ofHours(5));
        status = Figures.status(ConnectionState.ONLINE, cut.minusSeconds(1000));
        clients.addClient(client(), Map.of("mqtt.client", "plant"));
        clients.eventsCome(true);
        clients.isConnected("plant", false, cut);
        clients.isConnected("plant", false, cut.plusSeconds(1000));
        status = Figures.status(ConnectionState.WAITING, Instant.now());
        assertEquals(cut, clients.stretch(status).since());
    }

    @Test
    void anOutageThatTheConsoleFindsLastsFromThenOn() {
        status = Figures.status(ConnectionState.WAITING, Instant.now().minusSeconds(9));
        clients.addClient(client(), Map.of("mqtt.client", "plant"));
        assertEquals(status.since(),
                clients.stretch(Figures.status(ConnectionState.CONNECTING, Instant.now())).since());
    }

    @Test
    void whatConnectAndReconnectWouldNotDoIsNotSaidToBeDone() {
        clients.addClient(client(), Map.of("mqtt.client", "plant"));
        status = Figures.status(ConnectionState.PAUSED, "disconnect() was called", Duration.ZERO);
        assertEquals("connects.", clients.connect("plant"));
        assertEquals("is paused, reconnect has no effect; connect resumes.", clients.reconnect("plant"));
        status = Figures.status(ConnectionState.PAUSED, "until the next window of the schedule", Duration.ofHours(1));
        assertEquals("waits for its schedule; reconnect connects at once.", clients.connect("plant"));
        assertEquals("makes a new connection.", clients.reconnect("plant"));
        status = Figures.status(ConnectionState.FAILED, "there is no \u001b[31mbroker", Duration.ZERO);
        assertEquals("is FAILED: there is no \\u001B[31mbroker; reconnect has no effect.", clients.reconnect("plant"));
        status = Figures.status(ConnectionState.ONLINE, "connected", Duration.ZERO);
        assertEquals("is already connected; reconnect makes a new connection.", clients.connect("plant"));
        assertEquals(List.of("connect", "reconnect", "connect", "reconnect", "reconnect", "connect"), called,
                "the client decides");
    }

    @Test
    void whoIsReplacedOrGoesIsListenedToNoMore() {
        ResilientMqttClient first = client();
        clients.addClient(first, Map.of("mqtt.client", "plant"));
        ConnectionListener before = listener;
        ResilientMqttClient second = client();
        clients.addClient(second, Map.of("mqtt.client", "plant"));
        assertNotSame(before, listener);
        clients.removeClient(first, Map.of("mqtt.client", "plant"));
        assertSame(second, clients.client("plant"));
        clients.removeClient(second, Map.of("mqtt.client", "plant"));
        assertNull(listener);
        assertEquals(List.of(), clients.names());
    }
}
