package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Hashtable;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.ResilientMqttClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;

/** What works in every framework, also in one without EventAdmin and metatype (itest-bare.bndrun). */
class EssentialsTest extends FrameworkTest {
    @ParameterizedTest
    @ValueSource(strings = { "org.osgi.service.event.EventAdmin", "org.osgi.service.metatype.MetaTypeService" })
    void theOptionalServicesAreThereUnlessTheFrameworkIsBare(String service) {
        boolean bare = Boolean.parseBoolean(context.getProperty("itest.bare"));
        assertEquals(bare, context.getServiceReference(service) == null);
        assertEquals(Bundle.ACTIVE, bundle("mqtt.resilient.impl").getState());
    }

    @Test
    void messagesGoOutAndComeInAlsoAfterTheBrokerWasAway() {
        TestBroker mortal = closing(new TestBroker().start());
        ResilientMqttClient client = clients.connected("bare", mortal);
        Inbox inbox = Inbox.subscribed(client, "bare/+");
        client.publish(Message.to("bare/x").payload("1").build());
        inbox.awaitTexts("1");
        mortal.kill();
        client.publish(Message.to("bare/x").payload("2").build());
        mortal.start();
        inbox.awaitTexts("1", "2");
    }

    @Test
    void aListenerServiceGetsItsMessages() {
        ResilientMqttClient client = clients.connected("bare", broker);
        Inbox inbox = new Inbox();
        ServiceRegistration<MessageListener> registration = context.registerService(MessageListener.class, inbox,
                new Hashtable<>(Map.of("mqtt.filter", "bare/+")));
        closing(registration::unregister);
        Await.until("a message", () -> {
            Await.result(client.publish(Message.to("bare/x").build()).delivered());
            return !inbox.messages().isEmpty();
        });
    }

    @Test
    void aBadConfigurationIsInTheStatusAndAGoodOneRepairsIt() {
        ResilientMqttClient client = clients.connected("bare", broker);
        clients.configure("bare", "nonsense");
        Await.until("the error", () -> client.status().configurationError().contains("nonsense"));
        assertTrue(client.isConnected());
        clients.configure("bare", broker.uri(), "keepalive.seconds", 7);
        Await.until("the repair", () -> client.status().configurationError().isEmpty());
        assertEquals(Outcome.Kind.DELIVERED,
                Await.result(client.publish(Message.to("bare/x").build()).delivered()).kind());
    }

    @Test
    void theKeySubscriptionsHarmsNothing() {
        ResilientMqttClient client = clients.connected("bare", broker, "subscriptions", "bare/#;1");
        assertEquals(Outcome.Kind.DELIVERED,
                Await.result(client.publish(Message.to("bare/x").build()).delivered()).kind());
    }

    @Test
    void theConsoleIsThereAlsoWithoutShellAndHttp() throws Exception {
        clients.connected("bare", broker);
        Bundle console = bundle("mqtt.resilient.console");
        boolean shell = context.getServiceReference("org.apache.felix.service.command.CommandProcessor") != null;
        assertEquals(Boolean.parseBoolean(context.getProperty("itest.bare")), !shell);
        Await.until("the services of the console",
                () -> Stream.of(Objects.requireNonNullElse(console.getRegisteredServices(),
                        new ServiceReference<?>[0]))
                        .anyMatch(each -> "mqtt".equals(each.getProperty("osgi.command.scope"))) == shell
                        && console.getServicesInUse() != null);
        assertEquals(Bundle.ACTIVE, console.getState());
    }

    @Test
    void theEngineStopsAndStarts() throws Exception {
        clients.connected("bare", broker);
        Bundle engine = engineBundle();
        engine.stop();
        assertTrue(clients.references("bare").isEmpty());
        engine.start();
        Clients.awaitConnected(clients.service("bare"));
    }
}
