package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.SubscribeOptions;
import org.junit.jupiter.api.Test;

/** A primary and a standby; the will. */
@EngineTest
class FailoverLinkTest extends LinkTest {
    private final TestBroker first = closing(new TestBroker()).start();
    private final TestBroker second = closing(new TestBroker()).start();

    @Test
    void aClientGoesToTheSecondBrokerWithWhatItHasAndBackToTheFirstWhenThatAnswers() {
        LinkClient client = connected(first.uri() + "," + second.uri(), "failback.seconds", 1);
        assertEquals(first.uri(), client.mqtt.status().broker());
        client.echoes(1000);

        first.kill();
        client.await("the first is lost", () -> !client.mqtt.isConnected());
        LinkClient observer = connected(second.uri());
        Queue<String> received = new ConcurrentLinkedQueue<>();
        var subscription = observer.mqtt.subscribe("outage", SubscribeOptions.qos(Qos.AT_LEAST_ONCE),
                message -> received.add(new String(message.payload(), java.nio.charset.StandardCharsets.UTF_8)));
        observer.await("the subscription", () -> subscription.granted().isGranted());
        client.mqtt.publish(Message.to("outage").payload("kept").qos(Qos.AT_LEAST_ONCE).build());
        client.await("the second broker", () -> client.mqtt.isConnected()
                && client.mqtt.status().broker().equals(second.uri()));
        client.await("the message of the outage", () -> received.contains("kept"));
        client.echoes(1000);

        first.start();
        client.await("the first broker", () -> client.mqtt.isConnected()
                && client.mqtt.status().broker().equals(first.uri()));
        client.echoes(1000);
    }

    @Test
    void withoutFailbackAClientStaysWithTheBrokerThatItReached() {
        first.kill();
        LinkClient client = connected(first.uri() + "," + second.uri(), "failback.seconds", 0);
        assertEquals(second.uri(), client.mqtt.status().broker());
        first.start();
        client.echoes(1000);
        assertEquals(1, client.mqtt.metrics().connections());
    }

    @Test
    void aLostConnectionHasTheWillPublishedAndDisconnectDoesNot() {
        TestBroker broker = closing(TestBroker.orMoquette()).start(); // Artemis may publish the will after a DISCONNECT
        Relay relay = closing(Relay.plain(broker.port()));
        LinkClient observer = connected(broker.uri());
        Queue<String> wills = new ConcurrentLinkedQueue<>();
        var subscription = observer.mqtt.subscribe("wills/#", SubscribeOptions.qos(Qos.AT_LEAST_ONCE),
                message -> wills.add(message.topic()));
        observer.await("the subscription", () -> subscription.granted().isGranted());
        LinkClient mortal = connected("mqtt://127.0.0.1:" + relay.port(), "will.topic", "wills/mortal", "will.payload",
                "gone", "will.qos", 1);

        mortal.mqtt.disconnect();
        mortal.await("paused", () -> mortal.mqtt.status().state() == ConnectionState.PAUSED && relay.open() == 0);
        observer.mqtt.publish(Message.to("wills/marker").payload("").qos(Qos.AT_LEAST_ONCE).build());
        observer.await("the marker", () -> wills.contains("wills/marker"));
        assertFalse(wills.contains("wills/mortal"));

        mortal.mqtt.connect();
        mortal.awaitOnline();
        relay.cut();
        observer.await("the will", () -> wills.contains("wills/mortal"));
        mortal.awaitOnline();
    }
}
