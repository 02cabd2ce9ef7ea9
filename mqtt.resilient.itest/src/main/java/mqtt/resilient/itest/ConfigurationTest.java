package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.ResilientMqttClient;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;

/** From a configuration to a service and back. */
class ConfigurationTest extends FrameworkTest {
    @Test
    void aConfigurationMakesAServiceWithExactlyItsNameAndProtocol() {
        clients.configure("plant", broker.uri(), "user", "somebody", ".password", "secret");
        ServiceReference<ResilientMqttClient> reference = clients.reference("plant");
        Set<String> own = new TreeSet<>(List.of(reference.getPropertyKeys()));
        own.removeAll(Set.of(Constants.OBJECTCLASS, Constants.SERVICE_ID, Constants.SERVICE_BUNDLEID,
                Constants.SERVICE_SCOPE));
        assertEquals(Set.of("mqtt.client", "mqtt.protocol"), own);
        assertEquals("plant", reference.getProperty("mqtt.client"));
        assertArrayEquals(new String[] { "3.1.1" }, (String[]) reference.getProperty("mqtt.protocol"));
        assertEquals(Constants.SCOPE_BUNDLE, reference.getProperty(Constants.SERVICE_SCOPE));
        Clients.awaitConnected(clients.service("plant"));
    }

    @Test
    void theServiceIsThereWithoutABroker() {
        clients.configure("early", "mqtt://127.0.0.1:" + TestBroker.freePort());
        ResilientMqttClient client = clients.service("early");
        assertFalse(client.isConnected());
        assertEquals("early", client.status().client());
    }

    @Test
    void deletingTheConfigurationUnregistersTheService() {
        ResilientMqttClient client = clients.connected("short", broker);
        clients.delete("short");
        assertTrue(clients.references("short").isEmpty());
        assertEquals("IllegalStateException", exceptionOf(client::status));
    }

    @Test
    void twoClientsWithDifferentBrokersDoNotMix() throws Exception {
        try (TestBroker other = new TestBroker().start()) {
            ResilientMqttClient here = clients.connected("here", broker);
            ResilientMqttClient there = clients.connected("there", other);
            Inbox inboxHere = Inbox.subscribed(here, "mix/#");
            Inbox inboxThere = Inbox.subscribed(there, "mix/#");
            assertEquals(broker.uri(), here.status().broker());
            assertEquals(other.uri(), there.status().broker());

            here.publish(Message.to("mix/a").payload("here").build());
            there.publish(Message.to("mix/a").payload("there").build());
            inboxHere.awaitTexts("here");
            inboxThere.awaitTexts("there");

            other.kill();
            Await.until("the other client is offline", () -> !there.isConnected());
            assertTrue(here.isConnected());
            here.publish(Message.to("mix/a").payload("still here").build());
            inboxHere.awaitTexts("here", "still here");
            clients.delete("there");
            assertTrue(here.isConnected());
        }
    }

    @Test
    void aClientMadeAgainHasTheSameClientIdAndAnotherClientHasAnother() {
        String id = clients.connected("same", broker).status().clientId();
        assertTrue(id.matches("same-[a-z2-7]{16}"), id);
        assertNotEquals(id.substring(4), clients.connected("othr", broker).status().clientId().substring(4));
        clients.delete("same");
        assertEquals(id, clients.connected("same", broker).status().clientId());
    }

    @Test
    void valuesOfOtherTypesAreTakenWhereTheirMeaningIsClear() {
        clients.put("loose", Map.of("mqtt.client", new String[] { "loose" }, "brokers", List.of(broker.uri()),
                "keepalive.seconds", "30", "inflight.max", 7L, "qos0.offline", "TRUE", "backoff.min.ms", (short) 50,
                "response.seconds", new Integer[] { 3 }, "subscriptions", "a/b;1,c/d"));
        ResilientMqttClient client = clients.service("loose");
        Clients.awaitConnected(client);
        assertEquals("", client.status().configurationError());
    }

    @Test
    void everyBundleHasItsOwnViewOfTheClient() throws Exception {
        ResilientMqttClient mine = clients.connected("shared", broker);
        ServiceReference<ResilientMqttClient> reference = clients.reference("shared");
        assertSame(mine, context.getService(reference));
        try (ConsumerBundle consumer = ConsumerBundle.started(context, "other")) {
            ResilientMqttClient theirs = consumer.context().getService(reference);
            assertFalse(mine == theirs, "two bundles must not share what they open");
            Inbox inbox = Inbox.subscribed(theirs, "shared/#");
            mine.publish(Message.to("shared/x").payload("1").build());
            inbox.awaitTexts("1");
        }
    }

    @Test
    void theFiguresOfAClientAreInJmxAsLongAsItLives() throws Exception {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        ObjectName name = new ObjectName("mqtt.resilient:type=Client,name=\"measured\"");
        ResilientMqttClient client = clients.connected("measured", broker);
        Await.result(client.publish(Message.to("measured/x").payload("1").build()).delivered());
        assertEquals(1L, server.getAttribute(name, "Delivered"));
        assertEquals(1L, client.metrics().delivered());
        assertEquals(ConnectionState.ONLINE.name(), server.getAttribute(name, "State"));
        assertEquals(client.status().since().toEpochMilli(), server.getAttribute(name, "SinceMillis"));
        for (MBeanAttributeInfo attribute : server.getMBeanInfo(name).getAttributes()) {
            assertNotNull(server.getAttribute(name, attribute.getName()), attribute.getName());
        }
        clients.delete("measured");
        Await.until("the MXBean is gone", () -> !server.isRegistered(name));
    }

    @Test
    void theBrokerAnswersBrokerUpAndAPauseSaysNo() {
        ResilientMqttClient client = clients.connected("up", broker);
        assertTrue(Await.result(client.brokerUp()));
        client.disconnect();
        Await.until("the pause", () -> client.status().state() == ConnectionState.PAUSED);
        assertFalse(Await.result(client.brokerUp()));
        client.publish(Message.to("up/x").payload("kept").build());
        assertFalse(Await.result(client.drain(Duration.ofMillis(1))));
        client.connect();
        assertTrue(Await.result(client.drain(Await.LIMIT)));
    }

    private static String exceptionOf(Runnable call) {
        try {
            call.run();
            return "nothing";
        } catch (RuntimeException e) {
            return e.getClass().getSimpleName();
        }
    }
}
