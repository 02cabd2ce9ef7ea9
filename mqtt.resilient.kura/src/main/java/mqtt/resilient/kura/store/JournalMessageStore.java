package mqtt.resilient.kura.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.Qos;
import mqtt.resilient.spi.MessageStores.MessageJournal;
import org.eclipse.kura.KuraStoreCapacityReachedException;
import org.eclipse.kura.KuraStoreException;
import org.eclipse.kura.data.DataTransportToken;
import org.eclipse.kura.message.store.StoredMessage;
import org.eclipse.kura.message.store.provider.MessageStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The messages of one DataService. What is not at its end is in a journal; that it was published is in another one,
 * which is not forced: a power cut makes it a message to be published again. A message that was confirmed, dropped, or
 * published with QoS 0 is at its end: it leaves the journal at once and counts no more; without its payload it can be
 * asked for until it is stale, if it is one of the latest thousand. Safe from any thread; messages are in memory
 * without topic and payload.
 */
final class JournalMessageStore implements MessageStore {
    private static final Logger LOG = LoggerFactory.getLogger("mqtt.resilient");
    private static final int MOST_ENDED = 1000;
    /** Topics of Kura may hold # for variables, so that they cannot be those of the journal's messages. */
    private static final String RECORD = "message";
    private static final String TOPIC = "topic";
    private static final String PRIORITY = "priority";
    private static final String CREATED_ON = "createdOn";
    private static final String OF = "of";
    private static final String PUBLISHED_ON = "publishedOn";
    private static final String TOKEN_ID = "tokenId";
    private static final String TOKEN_SESSION = "tokenSession";
    private static final int OVERHEAD_BYTES = 64;
    private static final long TENTH = 10;

    private final MessageJournal messages;
    private final MessageJournal states;
    private final Supplier<StoreSettings> settings;
    private final LongSupplier clock;
    private final Runnable whenClosed;
    /** What is not at its end, by Kura's number; guards all that follows. */
    private final Map<Integer, Entry> live = new HashMap<>();
    private final TreeSet<Entry> unpublished = new TreeSet<>(Entry.ORDER);
    private final TreeMap<Long, Entry> inFlight = new TreeMap<>();
    private final LinkedHashMap<Integer, Entry> ended = new LinkedHashMap<>();
    private long bytes;

    /**
     * Reads what is in the journals.
     *
     * @param clock the wall clock, in milliseconds
     */
    JournalMessageStore(MessageJournal messages, MessageJournal states, Supplier<StoreSettings> settings,
            LongSupplier clock,
            Runnable whenClosed) throws IOException {
        this.messages = messages;
        this.states = states;
        this.settings = settings;
        this.clock = clock;
        this.whenClosed = whenClosed;
        Map<Long, Entry> byNumber = new HashMap<>();
        for (long number : numbers(messages)) {
            Message message = messages.read(number);
            if (message != null) {
                Entry entry = new Entry(number, (int) number(message, PRIORITY), message.qos().ordinal(),
                        number(message, CREATED_ON), size(message));
                byNumber.put(number, entry);
                add(entry);
            }
        }
        for (long number : numbers(states)) {
            Message state = states.read(number);
            Entry entry = state == null ? null : byNumber.get(number(state, OF));
            if (entry == null) {
                states.remove(number);
            } else {
                String session = state.properties().userProperty(TOKEN_SESSION).orElse(null);
                published(entry, number, number(state, PUBLISHED_ON),
                        session == null ? null : new DataTransportToken((int) number(state, TOKEN_ID), session));
            }
        }
    }

    private static List<Long> numbers(MessageJournal journal) {
        List<Long> numbers = new ArrayList<>();
        journal.visit(numbers::add);
        return numbers;
    }

    private static long number(Message record, String name) {
        String text = record.properties().userProperty(name).orElse("0");
        return text.matches("-?[0-9]{1,18}") ? Long.parseLong(text) : 0;
    }

    private static int size(Message message) {
        return message.payloadLength() + message.properties().length() + OVERHEAD_BYTES;
    }

    private void add(Entry entry) {
        live.put(entry.id(), entry);
        unpublished.add(entry);
        bytes += entry.size;
    }

    private void published(Entry entry, long state, long when, DataTransportToken token) {
        unpublished.remove(entry);
        inFlight.put(entry.number, entry);
        entry.state = state;
        entry.publishedOn = when;
        entry.token = token;
    }

    /** Something that may fail on the disk, or because the store is closed. */
    private interface Action<T> {
        T run() throws IOException;
    }

    private static <T> T attempt(Action<T> action) throws KuraStoreException {
        try {
            return action.run();
        } catch (IOException | IllegalStateException e) {
            throw new KuraStoreException(e, e.getMessage());
        }
    }

    @Override
    public int store(String topic, byte[] payload, int qos, boolean retain, int priority) throws KuraStoreException {
        long now = clock.getAsLong();
        Message message;
        try {
            message = Message.to(RECORD).payload(payload).qos(Qos.of(qos)).retain(retain)
                    .properties(MessageProperties.builder().userProperty(TOPIC, topic)
                            .userProperty(PRIORITY, Integer.toString(priority))
                            .userProperty(CREATED_ON, Long.toString(now)).build())
                    .build();
        } catch (IllegalArgumentException | NullPointerException e) {
            throw new KuraStoreException(e, e.getMessage());
        }
        requireRoom(size(message), priority);
        Entry entry = attempt(() -> new Entry(messages.append(message), priority, qos, now, size(message)));
        synchronized (live) {
            add(entry);
        }
        return entry.id();
    }

    private void requireRoom(int size, int priority) throws KuraStoreCapacityReachedException {
        StoreSettings now = settings.get();
        boolean urgent = priority <= 1; // birth certificates and the management of the device
        long most = now.maxMessages() + (urgent ? now.maxMessages() / TENTH : 0);
        long mostBytes = now.maxBytes() + (urgent ? now.maxBytes() / TENTH : 0);
        synchronized (live) {
            if (live.size() >= most) {
                throw new KuraStoreCapacityReachedException(live.size() + " messages are stored (store.max.messages="
                        + now.maxMessages() + ")");
            } else if (bytes + size > mostBytes) {
                throw new KuraStoreCapacityReachedException(bytes + " bytes are stored, and " + size
                        + " more do not fit (store.max.bytes=" + now.maxBytes() + ")");
            }
        }
    }

    @Override
    public void markAsPublished(int messageId) throws KuraStoreException {
        markAsPublished(messageId, null);
    }

    @Override
    public void markAsPublished(int messageId, DataTransportToken token) throws KuraStoreException {
        Entry entry = find(messageId);
        if (entry == null) {
            return;
        }
        long now = clock.getAsLong();
        if (entry.qos == 0) {
            end(entry, () -> entry.publishedOn = now);
            return;
        }
        var properties = MessageProperties.builder().userProperty(OF, Long.toString(entry.number))
                .userProperty(PUBLISHED_ON, Long.toString(now));
        if (token != null) {
            properties.userProperty(TOKEN_ID, Integer.toString(token.getMessageId()))
                    .userProperty(TOKEN_SESSION, String.valueOf(token.getSessionId()));
        }
        Message record = Message.to(RECORD).properties(properties.build()).build();
        long state = attempt(() -> states.append(record));
        long obsolete = state;
        synchronized (live) {
            if (live.get(messageId) == entry) { // else it was confirmed meanwhile
                obsolete = entry.state;
                published(entry, state, now, token);
            }
        }
        forgetState(obsolete);
    }

    @Override
    public void markAsConfirmed(int messageId) throws KuraStoreException {
        Entry entry = find(messageId);
        if (entry != null) {
            long now = clock.getAsLong();
            end(entry, () -> entry.confirmedOn = now);
        }
    }

    private Entry find(int messageId) {
        synchronized (live) {
            return live.get(messageId);
        }
    }

    /** A message is at its end. */
    private void end(Entry entry, Runnable how) throws KuraStoreException {
        Message message = attempt(() -> messages.read(entry.number));
        synchronized (live) {
            how.run();
            entry.topic = topic(message);
            entry.retain = message != null && message.retain();
            forget(entry);
            ended.put(entry.id(), entry);
            if (ended.size() > MOST_ENDED) {
                ended.remove(ended.keySet().iterator().next());
            }
        }
        attempt(() -> {
            messages.remove(entry.number);
            return null;
        });
        forgetState(entry.state);
    }

    private void forget(Entry entry) {
        unpublished.remove(entry);
        inFlight.remove(entry.number);
        if (live.remove(entry.id(), entry)) {
            bytes -= entry.size;
        }
    }

    private void forgetState(long state) throws KuraStoreException {
        if (state != 0) {
            attempt(() -> {
                states.remove(state);
                return null;
            });
        }
    }

    private static String topic(Message message) {
        return message == null ? "" : message.properties().userProperty(TOPIC).orElse("");
    }

    @Override
    public Optional<StoredMessage> getNextMessage() throws KuraStoreException {
        while (true) {
            Entry next;
            synchronized (live) {
                next = unpublished.isEmpty() ? null : unpublished.first();
            }
            Optional<StoredMessage> message = next == null ? Optional.empty() : load(next);
            if (next == null || message.isPresent()) {
                return message;
            }
        }
    }

    /** Empty if the journal cannot give it any more, which is an end as well. */
    private Optional<StoredMessage> load(Entry entry) throws KuraStoreException {
        Message message = attempt(() -> messages.read(entry.number));
        synchronized (live) {
            if (message == null) {
                if (live.containsKey(entry.id())) {
                    LOG.warn("Message {} of the store can no longer be read and is lost", entry.id());
                }
                forget(entry);
                return Optional.empty();
            }
            return Optional.of(entry.toKura(topic(message), message.retain(), message.payload()));
        }
    }

    @Override
    public Optional<StoredMessage> get(int messageId) throws KuraStoreException {
        Entry entry;
        synchronized (live) {
            Entry old = ended.get(messageId);
            if (old != null) {
                return Optional.of(old.toKura(old.topic, old.retain, null));
            }
            entry = live.get(messageId);
        }
        return entry == null ? Optional.empty() : load(entry);
    }

    /** Of what is not at its end. */
    @Override
    public int getMessageCount() {
        synchronized (live) {
            return live.size();
        }
    }

    @Override
    public List<StoredMessage> getUnpublishedMessages() throws KuraStoreException {
        return list(unpublished);
    }

    @Override
    public List<StoredMessage> getInFlightMessages() throws KuraStoreException {
        return list(inFlight.values());
    }

    private List<StoredMessage> list(Collection<Entry> entries) throws KuraStoreException {
        List<Entry> copy;
        synchronized (live) {
            copy = List.copyOf(entries);
        }
        List<StoredMessage> all = new ArrayList<>();
        for (Entry entry : copy) {
            load(entry).ifPresent(message -> all.add(entry.toKura(message.getTopic(), message.isRetain(), null)));
        }
        return all;
    }

    @Override
    public List<StoredMessage> getDroppedMessages() {
        synchronized (live) {
            return ended.values().stream().filter(entry -> entry.droppedOn > 0)
                    .map(entry -> entry.toKura(entry.topic, entry.retain, null)).toList();
        }
    }

    private List<Entry> inFlight() {
        synchronized (live) {
            return List.copyOf(inFlight.values());
        }
    }

    @Override
    public void unpublishAllInFlighMessages() throws KuraStoreException {
        for (Entry entry : inFlight()) {
            long state;
            synchronized (live) {
                state = entry.state;
                if (inFlight.remove(entry.number) != null) {
                    unpublished.add(entry);
                    entry.publishedOn = 0;
                    entry.token = null;
                    entry.state = 0;
                }
            }
            forgetState(state);
        }
    }

    @Override
    public void dropAllInFlightMessages() throws KuraStoreException {
        long now = clock.getAsLong();
        for (Entry entry : inFlight()) {
            end(entry, () -> entry.droppedOn = now);
        }
    }

    @Override
    public void deleteStaleMessages(int purgeAgeSeconds) {
        long limit = clock.getAsLong() - purgeAgeSeconds * 1000L;
        synchronized (live) {
            ended.values().removeIf(entry -> entry.endedOn() < limit);
        }
    }

    @Override
    public void close() {
        messages.close();
        states.close();
        whenClosed.run();
    }
}
