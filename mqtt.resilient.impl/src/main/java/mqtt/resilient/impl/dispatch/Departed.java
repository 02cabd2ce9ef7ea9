package mqtt.resilient.impl.dispatch;

import mqtt.resilient.impl.environment.SafeQueue;
import mqtt.resilient.impl.environment.Scheduler;

/** A listener that has gone from a filter and may come back, and what waits for it. */
final class Departed {
    final InboundQueue queue;
    final int options;
    final SafeQueue<Reception> held = new SafeQueue<>();
    Scheduler.Timer grace;

    Departed(InboundQueue queue, int options) {
        this.queue = queue;
        this.options = options;
    }
}
