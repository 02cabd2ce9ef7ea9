package mqtt.resilient.impl.engine;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import mqtt.resilient.api.MessageQueue;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.client.ClientSubscription;
import mqtt.resilient.impl.client.Publisher;
import mqtt.resilient.impl.dispatch.PullQueue;
import mqtt.resilient.spi.packet.Subscribe;

/** Waiting for messages: one permit for each that arrived, handed out in the order of the waiting threads. */
final class FetchQueue implements MessageQueue {
    private final Semaphore arrivals = new Semaphore(0, true);
    private final PullQueue queue;
    private final ClientSubscription subscription;

    FetchQueue(Client client, String filter, SubscribeOptions options, int capacity, String description) {
        queue = client.subscriber().pullQueue(description, options.manualAcknowledgement(), capacity,
                arrivals::release);
        subscription = client.subscriber().subscribe(filter, Subscribe.Request.encode(options),
                options.userProperties(), queue);
    }

    @Override
    public ReceivedMessage take() throws InterruptedException {
        ReceivedMessage message = null;
        while (message == null) {
            arrivals.acquire();
            message = next();
        }
        return message;
    }

    @Override
    public ReceivedMessage poll(Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + Publisher.nanos(timeout);
        ReceivedMessage message = null;
        while (message == null && arrivals.tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
            message = next();
        }
        return message;
    }

    /** The next message; null if what the permit stood for was pushed out. */
    private ReceivedMessage next() {
        ReceivedMessage message = queue.next();
        if (message == null && queue.isClosed()) {
            arrivals.release(); // for the next one who waits
            throw new IllegalStateException("the queue of " + subscription.filter() + " is closed");
        }
        return message;
    }

    @Override
    public long discards() {
        return queue.discards();
    }

    @Override
    public int size() {
        return queue.size();
    }

    @Override
    public ClientSubscription subscription() {
        return subscription;
    }

    @Override
    public void close() {
        subscription.close();
    }
}
