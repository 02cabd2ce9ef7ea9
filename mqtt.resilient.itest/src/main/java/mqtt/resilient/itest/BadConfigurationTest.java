package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.ResilientMqttClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.osgi.framework.ServiceReference;
import org.osgi.service.event.Event;

/** A configuration that cannot be used, and the way back. */
class BadConfigurationTest extends FrameworkTest {
    private final Events events = closing(new Events(context));

    static Stream<Arguments> badValues() {
        return Stream.of(
                arguments("brokers", "mqtt://host:port:more", "brokers: \"mqtt://host:port:more\""),
                arguments("brokers", "mqtt://a b", "is not a URI"),
                arguments("brokers", "localhost:1883", "has the scheme localhost"),
                arguments("brokers", "ftp://localhost", "scheme ftp"),
                arguments("brokers", "mqtt://localhost:0", "allowed are 1 to 65535"),
                arguments("brokers", "mqtt://localhost:65536", "allowed are 1 to 65535"),
                arguments("brokers", "mqtt://localhost:-1", "allowed are 1 to 65535"),
                arguments("brokers", "mqtt://", "mqtt://host[:port]"),
                arguments("brokers", "", "brokers: an empty list"),
                arguments("brokers", new String[0], "brokers: an empty list"),
                arguments("brokers", new String[] { "mqtt://localhost", "nonsense" }, "\"nonsense\""),
                arguments("brokers", "mqtt://me:geheim@localhost", "the keys user and .password"),
                arguments("brokers", new int[] { 1883 }, "brokers: "),
                arguments("mqtt.client", "", "mqtt.client: \"\""),
                arguments("mqtt.client", "two words", "mqtt.client: \"two words\""),
                arguments("mqtt.client", new String[] { "a", "b" }, "one value"),
                arguments("keepalive.seconds", "often", "keepalive.seconds: \"often\""),
                arguments("keepalive.seconds", 65536, "0 to 65535"),
                arguments("keepalive.seconds", -1L, "0 to 65535"),
                arguments("keepalive.seconds", 1.5, "keepalive.seconds: \"1.5\""),
                arguments("keepalive.seconds", new Integer[] { 1, 2 }, "keepalive.seconds: \"[1, 2]\""),
                arguments("keepalive.seconds", new int[] { 1 }, "keepalive.seconds: "),
                arguments("inflight.max", "99999999999999999999", "1 to 65000"),
                arguments("qos0.offline", "yes", "true or false"),
                arguments("will.topic", "a/#", "will.topic: "),
                arguments("will.qos", 3, "0 to 2"),
                arguments("client.id", "a\0b", "without U+0000"),
                arguments("store.overflow", "explode", "reject or drop-oldest"),
                arguments("backoff.min.ms", 5000, "at most backoff.max.seconds"),
                arguments("subscriptions", "a/#/b;1", "subscriptions: "),
                arguments("subscriptions", "a/b;7", "filter;qos"),
                arguments(".password", "geheim", "user: "),
                arguments(".password", new String[] { "geheim", "geheim2" }, ".password: "));
    }

    @ParameterizedTest
    @MethodSource("badValues")
    void aBadValueIsToldAndTheLastGoodConfigurationStaysInForce(String key, Object value, String expected) {
        ResilientMqttClient client = clients.connected("solid", broker);
        ServiceReference<ResilientMqttClient> reference = clients.reference("solid");
        Statuses statuses = Statuses.of(client);

        clients.configure("solid", broker.uri(), key, value);
        Event refused = events.awaitConfiguration("solid", 2);
        assertEquals(false, refused.getProperty(MqttConstants.ACCEPTED));
        String error = client.status().configurationError();
        assertTrue(error.contains(expected), error);
        assertEquals(error, refused.getProperty(MqttConstants.REASON));
        assertFalse(error.contains("geheim"), "a secret must not be shown");
        assertEquals(Outcome.Kind.DELIVERED,
                Await.result(client.publish(Message.to("solid/x").build()).delivered()).kind());
        assertEquals(List.of(ConnectionState.ONLINE), statuses.states());
        assertEquals(reference, clients.reference("solid"));

        clients.configure("solid", broker.uri(), "inflight.max", 5);
        assertEquals(true, events.awaitConfiguration("solid", 3).getProperty(MqttConstants.ACCEPTED));
        assertEquals("", client.status().configurationError());
        assertEquals(List.of(ConnectionState.ONLINE), statuses.states());
    }

    @Test
    void aClientWhoseFirstConfigurationIsBadSaysSoToPublishersAndServesThemWhenTheConfigurationIsGood() {
        Inbox observer = Inbox.subscribed(clients.connected("observer", broker), "late/+");
        clients.configure("late", "mqtt://localhost:99999");
        ResilientMqttClient client = clients.service("late");
        ServiceReference<ResilientMqttClient> reference = clients.reference("late");
        Await.until("the state FAILED", () -> client.status().state() == ConnectionState.FAILED);
        ClientStatus failed = client.status();
        assertTrue(failed.configurationError().contains("99999"), failed.toString());
        assertEquals(failed.configurationError(), failed.reason());
        assertEquals("late", failed.client());
        assertEquals(false, events.awaitConfiguration("late", 1).getProperty(MqttConstants.ACCEPTED));
        String refused = Await.result(client.publish(Message.to("late/x").build()).stored()
                .handle((durability, error) -> String.valueOf(error)));
        assertTrue(refused.contains("99999"), refused);
        client.reconnect();
        client.connect();

        clients.configure("late", "mqtt://localhost:99998");
        assertTrue(String.valueOf(events.awaitConfiguration("late", 2).getProperty(MqttConstants.REASON))
                .contains("99998"));
        clients.configure("late", broker.uri());
        Clients.awaitConnected(client);
        Publication publication = client.publish(Message.to("late/x").payload("patience").build());
        assertEquals(Outcome.Kind.DELIVERED, Await.result(publication.delivered()).kind());
        observer.awaitTexts("patience");
        assertEquals("", client.status().configurationError());
        assertEquals(reference, clients.reference("late"));
    }

    @Test
    void aConfigurationWithoutANameMakesAServiceThatSaysSo() {
        clients.put("nameless", Map.of("brokers", broker.uri()));
        String pid = clients.pid("nameless");
        ResilientMqttClient client = clients.service(pid);
        Await.until("the state FAILED", () -> client.status().state() == ConnectionState.FAILED);
        assertTrue(client.status().configurationError().contains("mqtt.client"), client.status().toString());
        clients.configure("nameless", broker.uri());
        Clients.awaitConnected(clients.service("nameless"));
        Await.until("the service without a name is gone", () -> clients.references(pid).isEmpty());
    }

    @Test
    void aSecondClientWithTheSameNameIsRefusedUntilTheNameIsFree() {
        ResilientMqttClient first = clients.connected("twin", broker);
        Statuses statuses = Statuses.of(first);
        clients.put("second", new HashMap<>(Map.of("mqtt.client", "twin", "brokers", broker.uri())));
        String pid = clients.pid("second");
        ResilientMqttClient second = clients.service(pid);
        Await.until("the second is told", () -> second.status().configurationError().contains("twin"));
        assertEquals(1, clients.references("twin").size());
        assertEquals(List.of(ConnectionState.ONLINE), statuses.states());
        clients.delete("twin");
        Clients.awaitConnected(clients.service("twin"));
    }

    @Test
    void aKeyThatMeansNothingIsHarmless() {
        ResilientMqttClient client = clients.connected("typo", broker, "keepalive.secnds", 10, "any.thing", "x");
        assertEquals("", client.status().configurationError());
    }
}
