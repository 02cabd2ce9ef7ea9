package mqtt.resilient.kura.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mqtt.resilient.kura.HostileFailure;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.KuraStoreCapacityReachedException;
import org.eclipse.kura.KuraStoreException;
import org.eclipse.kura.connection.listener.ConnectionListener;
import org.eclipse.kura.data.DataTransportToken;
import org.eclipse.kura.message.store.StoredMessage;
import org.eclipse.kura.message.store.provider.MessageStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Kura's DataService asks of its store, and finds there after a restart. */
class JournalMessageStoreTest {
    private final StandInStores disk = new StandInStores();
    private final JournalStoreProvider provider = new JournalStoreProvider();
    private final Map<String, Object> properties = new HashMap<>(Map.of("kura.service.pid", "store",
            "store.directory", "/data"));
    private final DataTransportToken token = new DataTransportToken(7, "gateway-mqtt://broker");
    private MessageStore store;

    @BeforeEach
    void open() throws KuraException {
        provider.journals = disk;
        provider.activate(properties);
        store = provider.openMessageStore("service");
    }

    private void restart() throws KuraException {
        store.close();
        store = provider.openMessageStore("service");
    }

    private int store(String topic, int qos, int priority) throws KuraException {
        return store.store(topic, topic.getBytes(), qos, false, priority);
    }

    private static List<String> topics(List<StoredMessage> messages) {
        return messages.stream().map(StoredMessage::getTopic).toList();
    }

    /** What is sent, one after the other. */
    private List<String> drain() throws KuraException {
        List<String> all = new ArrayList<>();
        for (Optional<StoredMessage> next = store.getNextMessage(); next.isPresent(); next = store.getNextMessage()) {
            all.add(next.get().getTopic());
            store.markAsPublished(next.get().getId(), token);
        }
        return all;
    }

    @Test
    void aMessageComesBackAsItWasStored() throws KuraException {
        int id = store.store("$EDC/#account-name/a", new byte[] { 1, 2 }, 2, true, 5);
        for (int round = 0; round < 2; round++) {
            StoredMessage message = store.getNextMessage().orElseThrow();
            assertEquals(id, message.getId());
            assertEquals("$EDC/#account-name/a", message.getTopic());
            assertEquals(2, message.getPayload().length);
            assertEquals(2, message.getQos());
            assertTrue(message.isRetain());
            assertEquals(5, message.getPriority());
            assertTrue(message.getCreatedOn().isPresent());
            assertTrue(message.getPublishedOn().isEmpty() && message.getConfirmedOn().isEmpty()
                    && message.getDroppedOn().isEmpty() && message.getDataTransportToken().isEmpty());
            restart();
        }
        assertEquals(id, store.get(id).orElseThrow().getId());
        assertTrue(store.get(id + 1).isEmpty());
    }

    @Test
    void aConfirmationThatOvertakesThePublishingIsTheEnd() throws KuraException {
        int id = store("a", 1, 5);
        disk.whenAppending = () -> {
            disk.whenAppending = () -> {};
            try {
                store.markAsConfirmed(id);
            } catch (KuraException e) {
                throw new IllegalStateException(e);
            }
        };
        store.markAsPublished(id, token);
        assertEquals(List.of(), store.getInFlightMessages());
        store.unpublishAllInFlighMessages();
        assertTrue(store.getNextMessage().isEmpty());
        assertEquals(0, disk.size("service.published"));
        assertEquals(0, store.getMessageCount());
    }

    @Test
    void theMostUrgentIsNextAndAmongThoseTheOldestAlsoAfterARestart() throws KuraException {
        store("normal 1", 1, 7);
        store("urgent 1", 1, 0);
        store("normal 2", 1, 7);
        store("urgent 2", 1, 0);
        restart();
        store("normal 3", 1, 7);
        store("middle", 1, 5);
        assertEquals(List.of("urgent 1", "urgent 2", "middle", "normal 1", "normal 2", "normal 3"), drain());
        assertTrue(store.getNextMessage().isEmpty());
    }

    @Test
    void aMessageGoesFromUnpublishedToInFlightToConfirmed() throws KuraException {
        int id = store("a", 1, 5);
        assertEquals(List.of("a"), topics(store.getUnpublishedMessages()));
        store.markAsPublished(id, token);
        assertEquals(List.of(), store.getUnpublishedMessages());
        StoredMessage inFlight = store.getInFlightMessages().get(0);
        assertEquals(token, inFlight.getDataTransportToken().orElseThrow());
        assertTrue(inFlight.getPublishedOn().isPresent());
        store.markAsConfirmed(id);
        assertEquals(List.of(), store.getInFlightMessages());
        StoredMessage confirmed = store.get(id).orElseThrow();
        assertEquals("a", confirmed.getTopic());
        assertTrue(confirmed.getConfirmedOn().isPresent());
        assertEquals(0, store.getMessageCount());
        assertEquals(0, disk.size("service") + disk.size("service.published"));
        restart();
        assertTrue(store.getNextMessage().isEmpty());
        store.markAsConfirmed(id); // as the SQL of others: nothing is found
        store.markAsPublished(id, token);
    }

    @Test
    void aPublishedMessageOfQosZeroIsAtItsEnd() throws KuraException {
        int id = store("a", 0, 5);
        store.markAsPublished(id);
        assertTrue(store.getNextMessage().isEmpty());
        assertEquals(List.of(), store.getInFlightMessages());
        assertEquals(0, store.getMessageCount());
        assertTrue(store.get(id).orElseThrow().getPublishedOn().isPresent());
    }

    @Test
    void whatIsInFlightIsSoAfterARestartWithItsToken() throws KuraException {
        int id = store("a", 1, 5);
        store("b", 1, 5);
        store.markAsPublished(id, token);
        restart();
        StoredMessage inFlight = store.getInFlightMessages().get(0);
        assertEquals(id, inFlight.getId());
        assertEquals(token, inFlight.getDataTransportToken().orElseThrow());
        assertEquals(List.of("b"), topics(store.getUnpublishedMessages()));
        assertEquals(2, store.getMessageCount());
    }

    @Test
    void withoutTheStatesWhatWasInFlightIsPublishedAgain() throws KuraException {
        store.markAsPublished(store("a", 1, 5), token);
        store.close();
        disk.lose("service.published");
        store = provider.openMessageStore("service");
        assertEquals(List.of("a"), drain());
    }

    @Test
    void aNewSessionUnpublishesWhatIsInFlightInItsOldPlace() throws KuraException {
        int id = store("a", 1, 5);
        store("b", 1, 5);
        store.markAsPublished(id, token);
        store.unpublishAllInFlighMessages();
        StoredMessage next = store.getNextMessage().orElseThrow();
        assertEquals(id, next.getId());
        assertTrue(next.getPublishedOn().isEmpty() && next.getDataTransportToken().isEmpty());
        assertEquals(0, disk.size("service.published"));
        restart();
        assertEquals(List.of("a", "b"), drain());
    }

    @Test
    void aNewSessionMayDropWhatIsInFlight() throws KuraException {
        int id = store("a", 1, 5);
        store("b", 1, 5);
        store.markAsPublished(id, token);
        store.dropAllInFlightMessages();
        assertEquals(List.of("a"), topics(store.getDroppedMessages()));
        assertEquals(List.of("b"), drain());
        store.deleteStaleMessages(60);
        assertEquals(1, store.getDroppedMessages().size());
        store.deleteStaleMessages(-1);
        assertEquals(List.of(), store.getDroppedMessages());
        assertTrue(store.get(id).isEmpty());
    }

    @Test
    void whatIsFullRefusesTheNewestAndUrgentOnesHaveATenthMore() throws KuraException {
        properties.put("store.max.messages", 20);
        provider.modified(properties);
        int first = 0;
        for (int i = 0; i < 20; i++) {
            first = store("a", 1, 7);
        }
        assertThrows(KuraStoreCapacityReachedException.class, () -> store("a", 1, 2));
        store("urgent", 1, 0);
        store("urgent", 1, 1);
        assertThrows(KuraStoreCapacityReachedException.class, () -> store("urgent", 1, 0));
        for (int i = 0; i < 3; i++) {
            store.markAsConfirmed(first - i); // room at once
        }
        store("a", 1, 7);
        properties.put("store.max.messages", 20_000);
        properties.put("store.max.bytes", 1024);
        provider.modified(properties);
        String error = assertThrows(KuraStoreCapacityReachedException.class, () -> store("a", 1, 7)).getMessage();
        assertTrue(error.contains("store.max.bytes=1024"), error);
    }

    @Test
    void aThousandEndedMessagesAreRememberedAndNoMore() throws KuraException {
        int first = store("a", 0, 5);
        store.markAsPublished(first);
        for (int i = 0; i < 1000; i++) {
            store.markAsPublished(store("a", 0, 5));
        }
        assertTrue(store.get(first).isEmpty());
        assertTrue(store.get(first + 1).isPresent());
    }

    @Test
    void aMessageThatCannotBeReadIsPassedOver() throws KuraException {
        int lost = store("a", 1, 5);
        store("b", 1, 5);
        disk.damage("service", lost);
        assertEquals(List.of("b"), drain());
        assertEquals(1, store.getMessageCount());
    }

    @Test
    void aDiskThatFailsIsAStoreException() throws KuraException {
        int id = store("a", 1, 5);
        disk.fails = true;
        assertThrows(KuraStoreException.class, () -> store("b", 1, 5));
        assertThrows(KuraStoreException.class, () -> store.getNextMessage());
        assertThrows(KuraStoreException.class, () -> store.markAsPublished(id, token));
        disk.fails = false;
        assertEquals(List.of("a"), drain());
        store.close();
        assertThrows(KuraStoreException.class, () -> store("b", 1, 5));
    }

    @Test
    void whatMqttCannotCarryIsRefused() {
        assertThrows(KuraStoreException.class, () -> store.store("a", null, 3, false, 5));
        assertThrows(KuraStoreException.class, () -> store.store(null, null, 1, false, 5));
    }

    // ---- the provider ----

    private final List<String> told = new ArrayList<>();
    private final ConnectionListener listener = new ConnectionListener() {
        @Override
        public void connected() {
            told.add("connected");
        }

        @Override
        public void disconnected() {
            told.add("disconnected");
        }
    };

    @Test
    void aStoreHasAJournalOfItsOwnAndOneOwner() throws KuraException {
        assertEquals(List.of("/data/service POWER", "/data/service.published PROCESS"), disk.opened);
        assertThrows(KuraStoreException.class, () -> provider.openMessageStore("service"));
        provider.openMessageStore("other").close();
        store("a", 1, 5);
        assertEquals(List.of("a"), drain());
    }

    @Test
    void anotherPlaceIsToldAndOpenStoresAreClosed() throws KuraException {
        provider.addListener(listener);
        properties.put("store.max.messages", "7");
        provider.modified(properties);
        assertEquals(List.of(), told);
        properties.put("store.directory", "/other");
        provider.modified(properties);
        assertEquals(List.of("disconnected", "connected"), told);
        assertThrows(KuraStoreException.class, () -> store("a", 1, 5));
        provider.openMessageStore("service");
        assertTrue(disk.opened.contains("/other/service POWER"));
        provider.deactivate();
        assertEquals("disconnected", told.get(2));
        provider.removeListener(listener);
    }

    @Test
    void theFailureOfAListenerCannotForgeALineOfTheLog() throws Throwable {
        provider.addListener(new ConnectionListener() {
            @Override
            public void connected() {
                throw new HostileFailure();
            }

            @Override
            public void disconnected() {
            }
        });
        properties.put("store.directory", "/other");
        HostileFailure.assertLoggedHarmless(() -> provider.modified(properties));
    }

    @ParameterizedTest
    @CsvSource({ "store,memory", "store.max.messages,many", "store.max.bytes,0" })
    void aConfigurationThatIsNotUsableChangesNothing(String key, String value) throws KuraException {
        provider.addListener(listener);
        properties.put(key, value);
        provider.modified(properties);
        assertEquals(List.of(), told);
        assertFalse(store("a", 1, 5) == 0);
        JournalStoreProvider second = new JournalStoreProvider();
        second.journals = disk;
        second.activate(properties);
        String error = assertThrows(KuraStoreException.class, () -> second.openMessageStore("x")).getMessage();
        assertTrue(error.contains(key + ": \"" + value + "\" is not allowed; allowed: "), error);
    }

    @ParameterizedTest
    @CsvSource({ "org.eclipse.kura.data.DataService-2,org.eclipse.kura.data.DataService-2", "a b,a_b-17063",
        "a/b,a_b-17234" })
    void aNameBecomesAFileName(String name, String expected) {
        assertEquals(expected, JournalStoreProvider.fileName(name));
    }
}
