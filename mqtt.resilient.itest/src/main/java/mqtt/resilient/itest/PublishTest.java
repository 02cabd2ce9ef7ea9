package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageQueue;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a bundle hears when it publishes or subscribes something that cannot be, and when there is no space. */
class PublishTest extends FrameworkTest {
    static Stream<Arguments> badTopics() {
        return Stream.of(
                arguments("a/+/b", "topic: \"a/+/b\" holds a wildcard"),
                arguments("a/#", "wildcards are allowed in filters only"),
                arguments("", "topic: an empty text is not allowed; at least one character is"),
                arguments(null, "topic: null is not allowed"),
                arguments("a\0b", "topic: \"a\\u0000b\" holds U+0000"),
                arguments("a\ud800b", "half of a surrogate pair"),
                arguments("ä".repeat(40_000), "takes 80000 bytes; allowed are 65535"));
    }

    @ParameterizedTest
    @MethodSource("badTopics")
    void aTopicThatCannotBeIsRefusedInWords(String topic, String expected) {
        String message = assertThrows(IllegalArgumentException.class, () -> Message.to(topic)).getMessage();
        assertTrue(message.contains(expected), message);
        assertTrue(message.length() < 300, "a long value is cut short");
    }

    static Stream<Arguments> badFilters() {
        return Stream.of(
                arguments("a/#/b", "filter: \"a/#/b\" goes on after #"),
                arguments("a+/b", "mixes a wildcard with text"),
                arguments("", "filter: an empty text"),
                arguments("$share/x", "$share/<group>/<filter>"));
    }

    @ParameterizedTest
    @MethodSource("badFilters")
    void aFilterThatCannotBeIsRefusedInWords(String filter, String expected) {
        ResilientMqttClient client = clients.connected("words", broker);
        SubscribeOptions options = SubscribeOptions.qos(Qos.AT_LEAST_ONCE);
        for (String message : List.of(
                assertThrows(IllegalArgumentException.class, () -> client.subscribe(filter, options, new Inbox()))
                        .getMessage(),
                assertThrows(IllegalArgumentException.class, () -> client.open(filter, options, 1)).getMessage())) {
            assertTrue(message.contains(expected), message);
        }
    }

    @Test
    void otherArgumentsThatCannotBeAreRefusedInWords() {
        ResilientMqttClient client = clients.connected("words", broker);
        SubscribeOptions options = SubscribeOptions.qos(Qos.AT_LEAST_ONCE);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> client.open("a", options, 0)).getMessage()
                .contains("capacity: 0 is not allowed"));
        assertTrue(assertThrows(NullPointerException.class, () -> client.subscribe("a", options, null)).getMessage()
                .contains("listener: null"));
        assertTrue(assertThrows(NullPointerException.class, () -> client.subscribe("a", null, new Inbox()))
                .getMessage().contains("options: null"));
        assertTrue(assertThrows(NullPointerException.class, () -> client.publish(null)).getMessage()
                .contains("message: null"));
        assertTrue(assertThrows(NullPointerException.class, () -> client.publish(null, Duration.ofSeconds(1)))
                .getMessage().contains("message: null"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> client.drain(Duration.ZERO)).getMessage()
                .contains("timeout: PT0S"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Message.to("a").lane(4)).getMessage()
                .contains("lane: 4"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Message.to("a").expiresAfter(Duration.ZERO))
                .getMessage().contains("expiresAfter: PT0S"));
        assertTrue(client.isConnected());
    }

    @Test
    void aPayloadOverThePacketLimitIsRejectedAndTheLimitItselfIsNot() {
        ResilientMqttClient client = clients.connected("large", broker, "packet.max.bytes", 1000);
        Inbox inbox = Inbox.subscribed(client, "large/+");
        RejectedException rejection = rejection(client.publish(Message.to("large/x").payload(new byte[993]).build()));
        assertEquals(RejectedException.Reason.TOO_LARGE, rejection.reason());
        assertTrue(rejection.getMessage().matches("message: .* 1000 bytes; allowed are \\d+ \\(packet.max.bytes\\)"),
                rejection.getMessage());
        Publication publication = client.publish(Message.to("large/x").payload(new byte[980]).build());
        assertEquals(Outcome.Kind.DELIVERED, Await.result(publication.delivered()).kind());
        Await.until("the message", () -> inbox.messages().size() == 1);
        assertEquals(980, inbox.messages().get(0).payload().length);
    }

    @Test
    void aFullClientSaysFullAndTakesMessagesAgainWhenThereIsSpace() throws Exception {
        try (TestBroker later = new TestBroker()) {
            clients.configure("full", later.uri(), "store.max.messages", 10);
            ResilientMqttClient client = clients.service("full");
            List<Publication> accepted = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                accepted.add(client.publish(Message.to("full/x").payload("" + i).build()));
            }
            Message eleventh = Message.to("full/x").payload("10").build();
            RejectedException rejection = rejection(client.publish(eleventh));
            assertEquals(RejectedException.Reason.FULL, rejection.reason());
            assertTrue(rejection.getMessage().contains("store.max.messages"), rejection.getMessage());
            assertEquals(RejectedException.Reason.FULL,
                    rejection(client.publish(eleventh, Duration.ofMillis(10))).reason());

            CompletableFuture<Publication> waiting = CompletableFuture.supplyAsync(() -> {
                try {
                    return client.publish(eleventh, Await.LIMIT);
                } catch (InterruptedException e) {
                    throw new CompletionException(e);
                }
            });
            later.start();
            accepted.add(Await.result(waiting));
            for (Publication publication : accepted) {
                assertEquals(Outcome.Kind.DELIVERED, Await.result(publication.delivered()).kind());
            }
            var metrics = client.metrics();
            assertEquals(11, metrics.accepted());
            assertEquals(11, metrics.delivered());
            assertEquals(2, metrics.rejected());
        }
    }

    @Test
    void qos0WithoutAConnectionIsRejectedAndSaysWhichKeyAllowsIt() {
        clients.configure("zero", "mqtt://127.0.0.1:" + TestBroker.freePort());
        ResilientMqttClient client = clients.service("zero");
        RejectedException rejection = rejection(
                client.publish(Message.to("zero/x").qos(Qos.AT_MOST_ONCE).build()));
        assertEquals(RejectedException.Reason.OFFLINE, rejection.reason());
        assertTrue(rejection.getMessage().contains("qos0.offline=true"), rejection.getMessage());
    }

    @Test
    void publishWithATimeoutIsRefusedInsideAListenerAndInACompletion() {
        ResilientMqttClient client = clients.connected("waits", broker);
        Message message = Message.to("waits/y").build();
        CompletableFuture<Object> inListener = new CompletableFuture<>();
        client.subscribe("waits/x", SubscribeOptions.qos(Qos.AT_LEAST_ONCE),
                received -> inListener.complete(resultOf(() -> client.publish(message, Duration.ofSeconds(1)))));
        CompletableFuture<Object> inCompletion = new CompletableFuture<>();
        client.disconnect();
        client.publish(Message.to("waits/x").build()).delivered().thenAccept(
                outcome -> inCompletion.complete(resultOf(() -> client.publish(message, Duration.ofSeconds(1)))));
        client.connect();
        assertInstanceOf(IllegalStateException.class, Await.result(inListener));
        assertInstanceOf(IllegalStateException.class, Await.result(inCompletion));
    }

    private static Object resultOf(java.util.concurrent.Callable<Object> call) {
        try {
            return call.call();
        } catch (Exception e) {
            return e;
        }
    }

    @Test
    void aQueueGivesMessagesInOrderAndCountsWhatItDiscards() throws Exception {
        ResilientMqttClient client = clients.connected("pull", broker);
        MessageQueue queue = client.open("pull/+", SubscribeOptions.qos(Qos.AT_LEAST_ONCE), 3);
        Await.result(queue.subscription().result());
        for (int i = 1; i <= 5; i++) {
            client.publish(Message.to("pull/one").payload("" + i).build());
        }
        for (int i = 1; i <= 5; i++) {
            assertEquals("" + i, new String(queue.take().payload()));
        }
        for (int i = 1; i <= 5; i++) {
            client.publish(Message.to("pull/zero").payload("" + i).qos(Qos.AT_MOST_ONCE).build());
        }
        Await.until("two are discarded", () -> queue.discards() == 2);
        for (int i = 3; i <= 5; i++) {
            assertEquals("" + i, new String(queue.poll(Await.LIMIT).payload()));
        }
        CompletableFuture<Object> waiting = CompletableFuture.supplyAsync(() -> resultOf(queue::take));
        queue.close();
        assertInstanceOf(IllegalStateException.class, Await.result(waiting));
    }

    private static RejectedException rejection(Publication publication) {
        assertEquals(Outcome.Kind.REJECTED, Await.result(publication.delivered()).kind());
        assertEquals(false, Await.result(publication.cancel()));
        CompletionStage<Throwable> error = publication.stored().handle((durability, thrown) -> thrown);
        Throwable thrown = Await.result(error);
        return assertInstanceOf(RejectedException.class,
                thrown instanceof CompletionException ? thrown.getCause() : thrown);
    }
}
