package mqtt.resilient.bench.peers;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import mqtt.resilient.bench.Load;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/** Messages for the reactive interface: as many as are asked for and as the window lets go. */
final class Gate<T> implements Publisher<T>, Subscription {
    /** Makes one message. */
    interface Maker<T> {
        T make();
    }

    private final Load load;
    private final Maker<T> maker;
    private final AtomicLong requested = new AtomicLong();
    private final AtomicInteger wanted = new AtomicInteger();
    private Subscriber<? super T> subscriber;

    Gate(Load load, Maker<T> maker) {
        this.load = load;
        this.maker = maker;
    }

    @Override
    public void subscribe(Subscriber<? super T> newSubscriber) {
        subscriber = newSubscriber;
        subscriber.onSubscribe(this);
    }

    @Override
    public void request(long number) {
        requested.accumulateAndGet(number, (before, more) -> before + more < 0 ? Long.MAX_VALUE : before + more);
        drain();
    }

    @Override
    public void cancel() {
        requested.set(0);
    }

    void acknowledged() {
        load.acknowledged();
        drain();
    }

    private void drain() {
        if (wanted.getAndIncrement() > 0) {
            return; // who is in the loop sees it
        }
        int seen = 1;
        do {
            while (requested.get() > 0 && load.trySlot()) {
                requested.decrementAndGet();
                subscriber.onNext(maker.make());
            }
            seen = wanted.addAndGet(-seen);
        } while (seen > 0);
    }
}
