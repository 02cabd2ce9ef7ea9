package mqtt.resilient.impl.dispatch;

import java.util.function.LongSupplier;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.Repeated;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.Counters;
import mqtt.resilient.impl.session.Counters.Counter;

/** The messages that listeners are not done with; while they take too many bytes, reading pauses. On the loop only. */
final class Unhandled {
    static {
        Handlers.prepare(VirtualMachineError.class);
    }

    private final Scheduler scheduler;
    private final Dispatcher.SessionAccess session;
    private final Counters counters;
    private final LongSupplier maxBytes;
    /** Made beforehand: it is needed when nothing can be allocated. */
    private final Runnable pauseLater;
    private int messages;
    private long bytes;
    private boolean readingPaused;

    Unhandled(Scheduler scheduler, Dispatcher.SessionAccess session, Counters counters, LongSupplier maxBytes) {
        this.scheduler = scheduler;
        this.session = session;
        this.counters = counters;
        this.maxBytes = maxBytes;
        pauseLater = Repeated.of(scheduler, this::pauseOrResumeNow);
    }

    int messages() {
        return messages;
    }

    /** A message has arrived; it is open once. */
    void add(Reception reception) {
        reception.counted = true;
        count(1);
        open(reception);
    }

    /** One more listener gets a message, or it is held once more. */
    void open(Reception reception) {
        bytes += reception.open();
    }

    /** One listener is done with a message, and others are not. */
    void close(Reception reception) {
        bytes -= reception.close();
    }

    /** All listeners are done with a message; repeatable. */
    void remove(Reception reception) {
        if (reception.counted) {
            count(-1);
            bytes -= reception.uncount();
        }
    }

    private void count(int more) {
        messages += more;
        counters.set(Counter.UNHANDLED, messages);
    }

    /** Never fails for want of heap: what was done before it would be done twice. */
    void pauseOrResume() {
        if (isTooMuch() != readingPaused) {
            try {
                pauseOrResumeNow();
            } catch (VirtualMachineError e) {
                scheduler.execute(pauseLater);
            }
        }
    }

    private void pauseOrResumeNow() {
        boolean pause = isTooMuch();
        if (pause != readingPaused) {
            session.pauseReading(pause);
            readingPaused = pause;
        }
    }

    private boolean isTooMuch() {
        long max = maxBytes.getAsLong();
        return bytes > (readingPaused ? max / 2 : max);
    }
}
