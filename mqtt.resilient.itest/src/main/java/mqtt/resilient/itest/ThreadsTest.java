package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.ServiceListener;

/** Which threads there are, and what runs on which. */
class ThreadsTest extends FrameworkTest {
    private static final int MANY = 50;

    /** The engine's threads: those of its own class, and whatever else calls itself so. */
    private static List<Thread> engineThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getClass().getName().startsWith("mqtt.resilient.impl.")
                        || thread.getName().startsWith("mqtt-"))
                .toList();
    }

    private static Map<String, Long> counts() {
        return engineThreads().stream().collect(Collectors.groupingBy(
                thread -> thread.getName().replaceFirst("-[0-9]+$", ""), TreeMap::new, Collectors.counting()));
    }

    @Test
    void everyThreadOfTheEngineIsNamedAndADaemon() throws Exception {
        Bundle engine = engineBundle();
        engine.stop();
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        engine.start();
        ResilientMqttClient client = clients.connected("named", broker);
        Inbox inbox = Inbox.subscribed(client, "named/+");
        client.publish(Message.to("named/x").payload("1").build());
        inbox.awaitTexts("1");
        for (Thread thread : engineThreads()) {
            assertTrue(thread.getName().matches("mqtt-(io|osgi|complete|network|(listener|resolve|store|work)-[0-9]+)"),
                    thread.getName());
            assertTrue(thread.isDaemon(), thread.getName());
        }
        List<String> unnamed = Thread.getAllStackTraces().entrySet().stream()
                .filter(entry -> !before.contains(entry.getKey()) && !entry.getKey().getName().startsWith("mqtt-"))
                .filter(entry -> List.of(entry.getValue()).stream()
                        .anyMatch(frame -> frame.getClassName().startsWith("mqtt.resilient.impl.")))
                .map(entry -> entry.getKey().getName()).toList();
        assertEquals(List.of(), unnamed, "threads that run the engine's code under another name");
    }

    @Test
    void listenersCompletionsAndRegistrationsRunOnTheirOwnThreads() throws Exception {
        List<String> registrations = Collections.synchronizedList(new ArrayList<>());
        ServiceListener recorder = event -> {
            if (event.getType() == ServiceEvent.REGISTERED || event.getType() == ServiceEvent.UNREGISTERING) {
                registrations.add(Thread.currentThread().getName());
            }
        };
        context.addServiceListener(recorder,
                "(&(objectClass=mqtt.resilient.api.ResilientMqttClient)(mqtt.client=places))");
        closing(() -> context.removeServiceListener(recorder));
        clients.configure("places", "mqtt://127.0.0.1:" + TestBroker.freePort());
        ResilientMqttClient client = clients.service("places");

        CompletableFuture<String> listener = new CompletableFuture<>();
        CompletableFuture<String> connection = new CompletableFuture<>();
        var subscription = client.subscribe("places/+", SubscribeOptions.qos(Qos.AT_LEAST_ONCE),
                message -> listener.complete(Thread.currentThread().getName()));
        client.addConnectionListener(status -> connection.complete(Thread.currentThread().getName()));
        var granted = subscription.result().thenApply(grant -> Thread.currentThread().getName());
        var delivered = client.publish(Message.to("places/x").build()).delivered()
                .thenApply(outcome -> Thread.currentThread().getName());
        var drained = client.drain(Await.LIMIT).thenApply(done -> Thread.currentThread().getName());
        clients.configure("places", broker.uri());

        assertEquals("mqtt-complete", Await.result(granted));
        assertEquals("mqtt-complete", Await.result(delivered));
        assertEquals("mqtt-complete", Await.result(drained));
        assertTrue(Await.result(listener).matches("mqtt-listener-[0-9]+"), listener.join());
        assertTrue(Await.result(connection).matches("mqtt-listener-[0-9]+"), connection.join());
        clients.delete("places");
        assertEquals(List.of("mqtt-osgi", "mqtt-osgi"), registrations);
    }

    @Test
    void fiftyIdleClientsHaveTheThreadsOfOne() throws Exception {
        engineBundle().stop();
        bundle("mqtt.resilient.impl").start();
        for (int i = 0; i < MANY; i++) {
            clients.configure("idle" + i, broker.uri());
        }
        for (int i = 0; i < MANY; i++) {
            Clients.awaitConnected(clients.service("idle" + i));
        }
        Map<String, Long> counts = counts();
        assertEquals(1, counts.get("mqtt-io"), counts.toString());
        assertTrue(counts.getOrDefault("mqtt-osgi", 0L) <= 1, counts.toString());
        assertTrue(counts.getOrDefault("mqtt-complete", 0L) <= 1, counts.toString());
        assertTrue(counts.getOrDefault("mqtt-resolve", 0L) <= 4, counts.toString());
        assertTrue(counts.getOrDefault("mqtt-network", 0L) <= 1, counts.toString());
        assertTrue(counts.getOrDefault("mqtt-work", 0L) <= 4, counts.toString());
        assertEquals(0, counts.getOrDefault("mqtt-listener", 0L), counts.toString());
    }

    @Test
    void noThreadOfTheEngineIsLeftWhenItsBundleStops() throws Exception {
        ResilientMqttClient client = clients.connected("last", broker);
        Inbox inbox = Inbox.subscribed(client, "last/+");
        client.publish(Message.to("last/x").payload("1").build());
        inbox.awaitTexts("1");
        assertTrue(counts().containsKey("mqtt-io"));
        engineBundle().stop();
        Await.until("no thread is left", () -> engineThreads().isEmpty());
    }

    @Test
    void aListenerThatHangsCostsItsOwnThreadOnly() throws Exception {
        ResilientMqttClient client = clients.connected("hanging", broker);
        CompletableFuture<Void> never = new CompletableFuture<>();
        closing(() -> never.complete(null));
        client.subscribe("hang/+", SubscribeOptions.qos(Qos.AT_MOST_ONCE), message -> never.join());
        Inbox inbox = Inbox.subscribed(client, "other/+");
        client.publish(Message.to("hang/x").build());
        client.publish(Message.to("hang/y").build());
        for (int i = 0; i < 30; i++) {
            client.publish(Message.to("other/x").payload("" + (i + 1)).build());
        }
        inbox.awaitTexts(Flow.numbers(30));
        assertTrue(Await.result(client.drain(Await.LIMIT)));
    }
}
