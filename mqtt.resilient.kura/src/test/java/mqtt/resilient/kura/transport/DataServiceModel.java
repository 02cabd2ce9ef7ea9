package mqtt.resilient.kura.transport;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.KuraNotConnectedException;
import org.eclipse.kura.KuraTooManyInflightMessagesException;
import org.eclipse.kura.data.DataTransportService;
import org.eclipse.kura.data.DataTransportToken;
import org.eclipse.kura.data.transport.listener.DataTransportListener;

/**
 * How Kura's DataService sends, with its race: one thread publishes and then notes the token, under a lock of its own,
 * and confirmations look the token up under another lock. A confirmation that comes before the note is lost, and its
 * place among the messages in flight is never free again.
 */
final class DataServiceModel implements DataTransportListener {
    private static final int MOST_IN_FLIGHT = 9;

    private final DataTransportService transport;
    private final int qos;
    private final Object publishing = new Object();
    private final Map<DataTransportToken, Integer> inFlight = new ConcurrentHashMap<>();
    private final Map<Integer, String> published = new HashMap<>();
    private final ArrayDeque<Integer> store = new ArrayDeque<>();
    private final Thread submit = new Thread(this::submit, "DataServiceImpl:Submit");
    private boolean signalled;
    private boolean stopped;
    int confirmed;
    int untracked;
    int newSessions;

    DataServiceModel(DataTransportService transport, int messages, int qos) {
        this.transport = transport;
        this.qos = qos;
        for (int i = 0; i < messages; i++) {
            store.add(i);
        }
        submit.setDaemon(true);
        transport.addDataTransportListener(this);
        submit.start();
    }

    private void submit() {
        while (true) {
            boolean sent = false;
            try {
                if (transport.isConnected()) {
                    sent = sendNext();
                }
            } catch (KuraNotConnectedException | KuraTooManyInflightMessagesException e) {
                sent = false;
            } catch (KuraException e) {
                throw new AssertionError(e);
            }
            synchronized (store) {
                try {
                    while (!sent && !signalled && !stopped) {
                        store.wait();
                    }
                } catch (InterruptedException e) {
                    return;
                }
                signalled = false;
                if (stopped) {
                    return;
                }
            }
        }
    }

    private boolean sendNext() throws KuraException {
        Integer next;
        synchronized (store) {
            next = store.peek();
        }
        if (next == null) {
            return false;
        }
        if (qos > 0 && inFlight.size() >= MOST_IN_FLIGHT) {
            throw new KuraTooManyInflightMessagesException("in flight");
        }
        synchronized (publishing) {
            DataTransportToken token = transport.publish("a", new byte[10], qos, false);
            if (token != null) {
                Thread.yield();
                inFlight.put(token, next);
            }
            synchronized (store) {
                store.poll();
                published.put(next, "a");
                confirmed += token == null ? 1 : 0;
            }
        }
        return true;
    }

    @Override
    public synchronized void onMessageConfirmed(DataTransportToken token) {
        Integer id = inFlight.remove(token);
        synchronized (store) {
            if (id == null) {
                untracked++;
            } else {
                confirmed++;
            }
        }
        signal();
    }

    private void signal() {
        synchronized (store) {
            signalled = true;
            store.notifyAll();
        }
    }

    /** How many are confirmed, when that is all or nothing has moved for a while. */
    int awaitConfirmed(int all, long quietMillis) throws InterruptedException {
        int before = -1;
        while (true) {
            synchronized (store) {
                if (confirmed == all || confirmed == before) {
                    return confirmed;
                }
                before = confirmed;
            }
            for (long waited = 0; waited < quietMillis; waited += 10) {
                Thread.sleep(10);
                synchronized (store) {
                    if (confirmed == all) {
                        return confirmed;
                    }
                }
            }
        }
    }

    void stop() {
        synchronized (store) {
            stopped = true;
            store.notifyAll();
        }
    }

    @Override
    public void onConnectionEstablished(boolean newSession) {
        newSessions += newSession ? 1 : 0;
        signal();
    }

    @Override
    public void onDisconnecting() {
    }

    @Override
    public void onDisconnected() {
    }

    @Override
    public void onConfigurationUpdating(boolean wasConnected) {
    }

    @Override
    public void onConfigurationUpdated(boolean wasConnected) {
    }

    @Override
    public void onConnectionLost(Throwable cause) {
    }

    @Override
    public void onMessageArrived(String topic, byte[] payload, int messageQos, boolean retained) {
        signal();
    }
}
