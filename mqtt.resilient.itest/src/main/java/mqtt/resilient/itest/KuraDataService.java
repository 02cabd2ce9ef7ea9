package mqtt.resilient.itest;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.KuraNotConnectedException;
import org.eclipse.kura.KuraTooManyInflightMessagesException;
import org.eclipse.kura.data.DataTransportService;
import org.eclipse.kura.data.DataTransportToken;
import org.eclipse.kura.data.transport.listener.DataTransportListener;
import org.eclipse.kura.message.store.StoredMessage;
import org.eclipse.kura.message.store.provider.MessageStore;

/**
 * Uses a store and a transport as Kura's DataService does, with its two locks: a confirmation that comes before its
 * token is noted is lost for good.
 */
final class KuraDataService implements DataTransportListener, AutoCloseable {
    private static final int MOST_IN_FLIGHT = 9;

    private final DataTransportService transport;
    private final MessageStore store;
    private final Map<DataTransportToken, Integer> inFlight = new ConcurrentHashMap<>();
    private final Object publishing = new Object();
    private final Object signal = new Object();
    private final Thread submit = new Thread(this::submit, "DataServiceImpl:Submit");
    private boolean signalled;
    private volatile boolean stopped;
    final AtomicInteger confirmed = new AtomicInteger();
    final AtomicInteger untracked = new AtomicInteger();
    final AtomicInteger established = new AtomicInteger();
    final AtomicInteger newSessions = new AtomicInteger();
    final AtomicInteger lost = new AtomicInteger();
    final Map<String, Integer> arrived = new ConcurrentHashMap<>();

    KuraDataService(DataTransportService transport, MessageStore store) throws KuraException {
        this.transport = transport;
        this.store = store;
        for (StoredMessage message : store.getInFlightMessages()) {
            message.getDataTransportToken().ifPresent(token -> inFlight.put(token, message.getId()));
        }
        transport.addDataTransportListener(this);
        submit.start();
    }

    int publish(String topic, byte[] payload, int qos) throws KuraException {
        int id = store.store(topic, payload, qos, false, 5);
        signal();
        return id;
    }

    private void signal() {
        synchronized (signal) {
            signalled = true;
            signal.notifyAll();
        }
    }

    private void submit() {
        while (!stopped) {
            boolean sent = false;
            try {
                sent = transport.isConnected() && sendNext();
            } catch (KuraNotConnectedException | KuraTooManyInflightMessagesException e) {
                sent = false;
            } catch (KuraException e) {
                throw new AssertionError(e);
            }
            synchronized (signal) {
                try {
                    while (!sent && !signalled && !stopped) {
                        signal.wait();
                    }
                } catch (InterruptedException e) {
                    return;
                }
                signalled = false;
            }
        }
    }

    private boolean sendNext() throws KuraException {
        Optional<StoredMessage> next = store.getNextMessage();
        if (next.isEmpty()) {
            return false;
        }
        StoredMessage message = next.get();
        if (message.getQos() > 0 && inFlight.size() >= MOST_IN_FLIGHT) {
            throw new KuraTooManyInflightMessagesException("in flight");
        }
        synchronized (publishing) {
            DataTransportToken token = transport.publish(message.getTopic(), message.getPayload(), message.getQos(),
                    message.isRetain());
            if (token == null) {
                store.markAsPublished(message.getId());
            } else {
                inFlight.put(token, message.getId());
                store.markAsPublished(message.getId(), token);
            }
        }
        return true;
    }

    @Override
    public synchronized void onMessageConfirmed(DataTransportToken token) {
        Integer id = inFlight.remove(token);
        try {
            if (id == null) {
                untracked.incrementAndGet();
            } else {
                store.markAsConfirmed(id);
                confirmed.incrementAndGet();
            }
        } catch (KuraException e) {
            throw new IllegalStateException(e);
        }
        signal();
    }

    @Override
    public void onConnectionEstablished(boolean newSession) {
        established.incrementAndGet();
        if (newSession) {
            newSessions.incrementAndGet();
            try {
                store.unpublishAllInFlighMessages();
            } catch (KuraException e) {
                throw new IllegalStateException(e);
            }
            inFlight.clear();
        }
        signal();
    }

    @Override
    public void onConnectionLost(Throwable cause) {
        lost.incrementAndGet();
    }

    @Override
    public void onMessageArrived(String topic, byte[] payload, int qos, boolean retained) {
        arrived.merge(topic + " " + new String(payload), 1, Integer::sum);
    }

    @Override
    public void onDisconnecting() {
        signal();
    }

    @Override
    public void onDisconnected() {
        signal();
    }

    @Override
    public void onConfigurationUpdating(boolean wasConnected) {
        signal();
    }

    @Override
    public void onConfigurationUpdated(boolean wasConnected) {
        signal();
    }

    @Override
    public void close() {
        stopped = true;
        signal();
        transport.removeDataTransportListener(this);
        try {
            submit.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
