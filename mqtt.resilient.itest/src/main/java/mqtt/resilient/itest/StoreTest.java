package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.StoreHealth;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Bundle;

/** What is in the store survives the client, its bundle and its configuration. */
class StoreTest extends FrameworkTest {
    private static final int MESSAGES = 500;

    private final TestBroker broker = closing(new TestBroker());

    private static Path directory(String name) throws Exception {
        Path directory = Files.createTempDirectory("itest-store");
        return directory.resolve(name);
    }

    private static List<String> publish(ResilientMqttClient client, String topic, Qos qos) {
        List<String> texts = new ArrayList<>();
        List<Publication> publications = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
            texts.add(topic + " " + i);
            publications.add(client.publish(Message.to(topic).payload(texts.get(i)).qos(qos).build()));
        }
        for (Publication publication : publications) {
            assertEquals(Durability.POWER, Await.result(publication.stored()));
        }
        return texts;
    }

    @Test
    void whatWasPublishedOfflineAndTheSubscriptionsSurviveARestartOfTheBundle() throws Exception {
        broker.start();
        Inbox.subscribed(clients.connected("observer", broker), "kept/#");
        ResilientMqttClient before = clients.connected("kept", broker);
        before.disconnect();
        Await.until("it is offline", () -> !before.isConnected());
        List<String> expected = publish(before, "kept/x", Qos.AT_LEAST_ONCE);
        List<String> exactly = publish(before, "kept/y", Qos.EXACTLY_ONCE);

        Bundle engine = engineBundle();
        engine.stop();
        engine.start();

        ResilientMqttClient after = clients.service("kept");
        assertTrue(Await.result(after.drain(Await.LIMIT)));
        Inbox inbox = Inbox.subscribed(clients.service("observer"), "kept/#"); // what came meanwhile was held
        Await.until("all of QoS 1", () -> inbox.texts().containsAll(expected));
        Await.until("all of QoS 2", () -> inbox.texts().containsAll(exactly));
        assertEquals(exactly, inbox.texts().stream().filter(text -> text.startsWith("kept/y")).toList());
        assertEquals(StoreHealth.OK, after.status().store());
        assertEquals(2 * MESSAGES, after.metrics().accepted());
        assertEquals(2 * MESSAGES, after.metrics().delivered());
    }

    @Test
    void aClientThatIsDeletedKeepsItsJournalForTheNextOneOfItsName() throws Exception {
        Path directory = directory("names");
        broker.start();
        clients.configure("again", "mqtt://127.0.0.1:" + TestBroker.freePort(), "store.directory",
                directory.toString());
        List<String> expected = publish(clients.service("again"), "again/x", Qos.AT_LEAST_ONCE);
        clients.delete("again");
        try (Stream<Path> files = Files.list(directory.resolve("again.journal"))) {
            assertTrue(files.count() > 1, "the journal is there");
        }
        ResilientMqttClient observer = clients.connected("observer", broker);
        Inbox inbox = Inbox.subscribed(observer, "again/x");
        clients.configure("again", broker.uri(), "store.directory", directory.toString());
        inbox.awaitTexts(expected);
    }

    @Test
    void aPlaceThatIsNoDirectoryIsAClearStateThatEndsWithItsCause() throws Exception {
        Path file = directory("file");
        Files.writeString(file, "not a directory");
        broker.start();
        clients.configure("nowhere", broker.uri(), "client.id", "nowhere", "store.directory", file.toString());
        ResilientMqttClient client = clients.service("nowhere");
        assertEquals(StoreHealth.FAILED, client.status().store());
        assertEquals(ConnectionState.FAILED, client.status().state());
        assertTrue(client.status().storeReason().contains("store.directory"), client.status().storeReason());
        Publication refused = client.publish(Message.to("nowhere/x").build());
        String reason = Await.result(refused.stored().handle((durability, error) -> String.valueOf(error)));
        assertTrue(reason.contains("store.directory"), reason);
        assertEquals(Outcome.Kind.REJECTED, Await.result(refused.delivered()).kind());
        assertEquals("not a directory", Files.readString(file), "nothing is deleted");

        Files.delete(file);
        Clients.awaitConnected(client);
        assertEquals(StoreHealth.OK, client.status().store());
        assertTrue(Await.result(client.publish(Message.to("nowhere/x").build()).delivered()).isDelivered());
    }

    @Test
    void aStoreWithPendingMessagesStaysWhereItIsUntilTheyAreDelivered() throws Exception {
        Path first = directory("first");
        clients.configure("moving", broker.uri(), "store.directory", first.toString());
        ResilientMqttClient client = clients.service("moving");
        publish(client, "moving/x", Qos.AT_LEAST_ONCE);
        clients.configure("moving", broker.uri(), "store.directory", directory("second").toString());
        Await.until("the change is refused", () -> client.status().configurationError().contains("store.directory"));
        clients.configure("moving", broker.uri(), "store", "memory");
        Await.until("the change is refused", () -> client.status().configurationError().contains("store"));
        broker.start();
        Await.until("nothing is pending, and the change is taken", () -> client.metrics().storeBytes() == 0
                && client.status().store() == StoreHealth.OK && client.isConnected());
        assertEquals(Durability.MEMORY, Await.result(client.publish(Message.to("moving/y").build()).stored()));
    }

    @Test
    void aRejectionNamesTheStore() throws Exception {
        broker.start();
        ResilientMqttClient client = clients.connected("full", broker, "store.floor.bytes", 100_000_000_000_000_000L);
        Await.until("the disk is too full", () -> client.status().store() == StoreHealth.FULL);
        String reason = Await.result(client.publish(Message.to("full/x").build()).stored()
                .handle((durability, error) -> String.valueOf(error)));
        assertTrue(reason.contains("store.floor.bytes"), reason);
        assertTrue(reason.contains(RejectedException.class.getSimpleName()), reason);
        clients.configure("full", broker.uri());
        Await.until("there is space", () -> client.status().store() == StoreHealth.OK);
        assertTrue(Await.result(client.publish(Message.to("full/x").build()).delivered()).isDelivered());
    }
}
