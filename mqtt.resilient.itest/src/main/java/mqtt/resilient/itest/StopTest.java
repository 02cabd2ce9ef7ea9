package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import javax.management.ObjectName;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageQueue;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.api.Subscription;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.ServiceListener;

/** The end: in order, in time, and from wherever it is called. */
class StopTest extends FrameworkTest {
    private static final Duration STOP_LIMIT = Duration.ofSeconds(15);
    private static final SubscribeOptions QOS_1 = SubscribeOptions.qos(Qos.AT_LEAST_ONCE);

    private final Bundle engine = engineBundle();

    /** How long something took; fails beyond the limit of a stop. */
    private static void withinLimit(Callable<?> stop) throws Exception {
        long start = System.nanoTime();
        stop.call();
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        assertTrue(took.compareTo(STOP_LIMIT) < 0, "took " + took);
    }

    private Object stopEngine() throws Exception {
        engine.stop();
        return null;
    }

    @Test
    void servicesGoFirstThenEveryPendingStageCompletes() throws Exception {
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        ServiceListener recorder = event -> {
            if (event.getType() == ServiceEvent.UNREGISTERING) {
                order.add("unregistered");
            }
        };
        context.addServiceListener(recorder,
                "(&(objectClass=mqtt.resilient.api.ResilientMqttClient)(mqtt.client=pending))");
        closing(() -> context.removeServiceListener(recorder));
        clients.configure("pending", "mqtt://127.0.0.1:" + TestBroker.freePort());
        ResilientMqttClient client = clients.service("pending");
        Publication publication = client.publish(Message.to("pending/x").build());
        Await.result(publication.stored());
        CompletionStage<Outcome> outcome = publication.delivered().whenComplete((end, error) -> order.add("closed"));
        Subscription subscription = client.subscribe("pending/+", QOS_1, new Inbox());
        CompletionStage<Subscription.Grant> grant = subscription.result();
        CompletionStage<Boolean> drained = client.drain(Duration.ofHours(1));
        MessageQueue queue = client.open("pending/+", QOS_1, 5);
        CompletableFuture<Object> taking = CompletableFuture.supplyAsync(() -> exceptionOf(queue::take));
        CompletionStage<Boolean> up = client.brokerUp();

        withinLimit(this::stopEngine);

        assertEquals(Outcome.Kind.KEPT_IN_STORE, Await.result(outcome).kind());
        assertEquals(Subscription.Grant.CLOSED, Await.result(grant));
        assertFalse(Await.result(drained), "what was pending was not delivered");
        assertInstanceOf(IllegalStateException.class, Await.result(taking));
        assertFalse(Await.result(up));
        assertEquals(List.of("unregistered", "closed"), order);
    }

    @Test
    void whatIsAskedAfterTheStopIsAnswered() throws Exception {
        clients.configure("after", "mqtt://127.0.0.1:" + TestBroker.freePort());
        ResilientMqttClient client = clients.service("after");
        Publication publication = client.publish(Message.to("after/x").build());
        Subscription subscription = client.subscribe("after/+", QOS_1, new Inbox());
        engine.stop();
        assertEquals(Outcome.Kind.KEPT_IN_STORE, Await.result(publication.delivered()).kind());
        assertFalse(Await.result(publication.cancel()));
        CompletionStage<Boolean> stored = publication.stored().handle((durability, error) -> true);
        assertTrue(Await.result(stored));
        assertEquals(Subscription.Grant.CLOSED, Await.result(subscription.result()));
        subscription.close();
    }

    private static Throwable exceptionOf(Callable<?> call) {
        try {
            call.call();
            return null;
        } catch (Exception e) {
            return e;
        }
    }

    @Test
    void theEngineCanBeStoppedInsideAListener() throws Exception {
        ResilientMqttClient client = clients.connected("inside", broker);
        CompletableFuture<Duration> took = new CompletableFuture<>();
        Await.result(client.subscribe("inside/+", QOS_1, message -> took.complete(stopHere())).result());
        client.publish(Message.to("inside/x").build());
        stoppedInTime(took);
    }

    @Test
    void theEngineCanBeStoppedInsideAConnectionListener() throws Exception {
        ResilientMqttClient client = clients.connected("inside", broker);
        CompletableFuture<Duration> took = new CompletableFuture<>();
        client.addConnectionListener(status -> took.complete(stopHere()));
        stoppedInTime(took);
    }

    @Test
    void theEngineCanBeStoppedInsideACompletion() throws Exception {
        ResilientMqttClient client = clients.connected("inside", broker);
        CompletableFuture<Duration> took = new CompletableFuture<>();
        client.disconnect();
        client.publish(Message.to("inside/x").build()).delivered().thenAccept(outcome -> took.complete(stopHere()));
        client.connect();
        stoppedInTime(took);
    }

    @Test
    void theEngineCanBeStoppedInsideAServiceListener() throws Exception {
        clients.connected("inside", broker);
        CompletableFuture<Duration> took = new CompletableFuture<>();
        ServiceListener stopper = event -> {
            if (event.getType() == ServiceEvent.REGISTERED && !took.isDone()) {
                took.complete(stopHere());
            }
        };
        context.addServiceListener(stopper, "(mqtt.client=second)");
        closing(() -> context.removeServiceListener(stopper));
        clients.configure("second", broker.uri());
        stoppedInTime(took);
        ObjectName name = new ObjectName("mqtt.resilient:type=Client,name=\"second\"");
        clients.reference("second");
        clients.delete("second");
        Await.until("the MXBean is gone", () -> !ManagementFactory.getPlatformMBeanServer().isRegistered(name));
    }

    private Duration stopHere() {
        long start = System.nanoTime();
        try {
            engine.stop();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new AssertionError("the thread that stopped the engine was interrupted by it");
        }
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private void stoppedInTime(CompletableFuture<Duration> took) throws Exception {
        assertTrue(Await.result(took).compareTo(STOP_LIMIT) < 0, "took " + took.join());
        Await.until("the engine is stopped", () -> engine.getState() == Bundle.RESOLVED);
        engine.start();
        Clients.awaitConnected(clients.service("inside"));
    }

    @Test
    void listenersThatBlockDoNotHoldUpTheStop() throws Exception {
        ResilientMqttClient client = clients.connected("blocked", broker);
        CountDownLatch called = new CountDownLatch(2);
        CompletableFuture<Void> never = new CompletableFuture<>();
        closing(() -> never.complete(null));
        Await.result(client.subscribe("blocked/+", QOS_1, message -> {
            called.countDown();
            never.join();
        }).result());
        client.addConnectionListener(status -> {
            called.countDown();
            never.join();
        });
        client.publish(Message.to("blocked/x").build());
        Await.until("both listeners block", () -> called.getCount() == 0);
        withinLimit(this::stopEngine);
    }

    @Test
    void manyClientsOfABrokerThatDoesNotAnswerStopInTime() throws Exception {
        TcpProxy proxy = closing(new TcpProxy(broker));
        List<ResilientMqttClient> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            clients.configure("stuck" + i, proxy.uri());
        }
        for (int i = 0; i < 20; i++) {
            all.add(clients.service("stuck" + i));
            Clients.awaitConnected(all.get(i));
        }
        proxy.stall();
        for (ResilientMqttClient client : all) {
            client.publish(Message.to("stuck/x").build());
        }
        withinLimit(this::stopEngine);
    }

    @Test
    void aStopDuringAttemptsToConnectIsQuick() throws Exception {
        for (int i = 0; i < 10; i++) {
            clients.configure("trying" + i, "mqtt://127.0.0.1:" + TestBroker.freePort(), "backoff.min.ms", 10);
            clients.service("trying" + i);
        }
        clients.configure("nameless", "mqtt://no-such-host.invalid");
        clients.service("nameless");
        withinLimit(this::stopEngine);
    }

    @Test
    void stoppingWhileOthersPublishNeitherHangsNorThrowsAnythingElse() throws Exception {
        ResilientMqttClient client = clients.connected("busy", broker);
        List<Publication> publications = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<RuntimeException> end = CompletableFuture.supplyAsync(() -> {
            while (true) {
                try {
                    publications.add(client.publish(Message.to("busy/x").build()));
                } catch (RuntimeException e) {
                    return e;
                }
            }
        });
        Await.until("some are published", () -> publications.size() > 1000);
        withinLimit(this::stopEngine);
        assertInstanceOf(IllegalStateException.class, Await.result(end));
        for (Publication publication : List.copyOf(publications)) {
            Outcome.Kind kind = Await.result(publication.delivered()).kind();
            assertTrue(List
                    .of(Outcome.Kind.DELIVERED, Outcome.Kind.KEPT_IN_STORE, Outcome.Kind.CLOSED, Outcome.Kind.REJECTED,
                            Outcome.Kind.UNKNOWN)
                    .contains(kind), kind.toString());
        }
    }
}
