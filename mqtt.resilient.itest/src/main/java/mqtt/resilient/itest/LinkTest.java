package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Hashtable;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.api.Subscription;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/** What the tests of the link need: clients made by configurations. Whatever a test makes is gone after it. */
@Timeout(180)
abstract class LinkTest {
    static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String PID = "mqtt.resilient.client";

    final BundleContext context = FrameworkUtil.getBundle(LinkTest.class).getBundleContext();
    private final Deque<AutoCloseable> made = new ArrayDeque<>();
    private int number;

    /** Has something closed at the end of the test; the last one first. */
    final <T extends AutoCloseable> T closing(T resource) {
        made.push(resource);
        return resource;
    }

    @AfterEach
    void closeAll() throws Exception {
        Exception failure = null;
        while (!made.isEmpty()) {
            try {
                made.pop().close();
            } catch (Exception e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** Makes a client that is quick to try again. */
    final LinkClient client(String broker, Object... keysAndValues) {
        return closing(new LinkClient(getClass().getSimpleName() + "-" + ++number, broker, keysAndValues));
    }

    /** Makes a client and waits until it is connected. */
    final LinkClient connected(String broker, Object... keysAndValues) {
        return client(broker, keysAndValues).awaitOnline();
    }

    /** A client made by a configuration. */
    final class LinkClient implements AutoCloseable {
        private boolean closed;
        final ResilientMqttClient mqtt;
        private final Hashtable<String, Object> properties = new Hashtable<>();
        private final Configuration configuration;
        private final ServiceReference<ResilientMqttClient> reference;

        private LinkClient(String name, String broker, Object... keysAndValues) {
            properties.putAll(Map.of("mqtt.client", name, "brokers", broker, "backoff.min.ms", 50,
                    "backoff.max.seconds", 1, "response.seconds", 5, "connect.seconds", 5));
            try {
                configuration = context.getService(context.getServiceReference(ConfigurationAdmin.class))
                        .createFactoryConfiguration(PID, "?");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            configure(keysAndValues);
            Await.until("the service of " + name, () -> find(name) != null, LIMIT);
            reference = find(name);
            mqtt = context.getService(reference);
        }

        private ServiceReference<ResilientMqttClient> find(String name) {
            try {
                return context.getServiceReferences(ResilientMqttClient.class, "(mqtt.client=" + name + ")").stream()
                        .findFirst().orElse(null);
            } catch (InvalidSyntaxException e) {
                throw new IllegalArgumentException(e);
            }
        }

        /** Changes some keys. */
        final void configure(Object... keysAndValues) {
            for (int i = 0; i < keysAndValues.length; i += 2) {
                properties.put((String) keysAndValues[i], keysAndValues[i + 1]);
            }
            try {
                configuration.update(properties);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        LinkClient awaitOnline() {
            await("connected", () -> mqtt.isConnected());
            return this;
        }

        /** Waits until the client waits for its next attempt, for a reason that contains these words. */
        void awaitReason(String... words) {
            await("a status with " + String.join(" … ", words), () -> {
                var status = mqtt.status();
                return status.state() == ConnectionState.WAITING && containsAll(status.reason(), words);
            });
        }

        void await(String what, java.util.function.BooleanSupplier condition) {
            try {
                Await.until(what, condition, LIMIT);
            } catch (AssertionError e) {
                throw new AssertionError(e.getMessage() + "; the status is " + mqtt.status(), e);
            }
        }

        /** Sends a message of so many bytes to itself and compares what comes back. */
        void echoes(int bytes) {
            byte[] payload = new byte[bytes];
            new Random(bytes).nextBytes(payload);
            String topic = "echo/" + mqtt.status().client();
            Queue<byte[]> received = new ConcurrentLinkedQueue<>();
            Subscription subscription = mqtt.subscribe(topic, SubscribeOptions.qos(Qos.AT_LEAST_ONCE),
                    message -> received.add(message.payload()));
            await("the subscription", () -> subscription.granted().isGranted()); // it may wait for an UNSUBACK
            var publication = mqtt.publish(Message.to(topic).payload(payload).qos(Qos.AT_LEAST_ONCE).build());
            await("an echo of " + bytes + " bytes", () -> !received.isEmpty());
            assertArrayEquals(payload, received.remove());
            await("the acknowledgement", () -> mqtt.outcome(publication.id()).kind() == Outcome.Kind.DELIVERED);
            subscription.close();
        }

        /** Repeatable. */
        @Override
        public void close() {
            if (closed) {
                return;
            }
            closed = true;
            try {
                configuration.delete();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            Await.until("the service is gone", () -> reference.getBundle() == null, LIMIT);
        }
    }

    private static boolean containsAll(String text, String... words) {
        for (String word : words) {
            if (!text.contains(word)) {
                return false;
            }
        }
        return true;
    }
}
