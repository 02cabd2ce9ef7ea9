package mqtt.resilient.itest;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.api.Subscription;

/** A listener that keeps what it gets. */
final class Inbox implements MessageListener {
    private final List<ReceivedMessage> messages = new ArrayList<>();

    /** An inbox that the broker has granted QoS 1 to. */
    static Inbox subscribed(ResilientMqttClient client, String filter) {
        Inbox inbox = new Inbox();
        Subscription subscription = client.subscribe(filter, SubscribeOptions.qos(Qos.AT_LEAST_ONCE), inbox);
        if (!Await.result(subscription.result()).isGranted()) {
            throw new AssertionError(filter + " is not granted");
        }
        return inbox;
    }

    @Override
    public void onMessage(ReceivedMessage message) {
        synchronized (messages) {
            messages.add(message);
        }
    }

    List<ReceivedMessage> messages() {
        synchronized (messages) {
            return List.copyOf(messages);
        }
    }

    /** {@return the payloads as text, in order of receipt} */
    List<String> texts() {
        return messages().stream().map(message -> new String(message.payload(), StandardCharsets.UTF_8)).toList();
    }

    /** {@return the payloads as text, each where it came first} */
    List<String> distinctTexts() {
        return List.copyOf(new LinkedHashSet<>(texts()));
    }

    /** Waits for texts in this order; repetitions (QoS 1) do not count. */
    void awaitTexts(List<String> expected) {
        try {
            Await.until(expected.size() + " messages", () -> distinctTexts().size() >= expected.size());
        } catch (AssertionError e) {
            List<String> missing = new ArrayList<>(expected);
            missing.removeAll(distinctTexts());
            throw new AssertionError(e.getMessage() + "; missing: " + missing, e);
        }
        if (!distinctTexts().equals(expected)) {
            throw new AssertionError("expected " + expected + " but got " + distinctTexts());
        }
    }

    void awaitTexts(String... expected) {
        awaitTexts(List.of(expected));
    }
}
