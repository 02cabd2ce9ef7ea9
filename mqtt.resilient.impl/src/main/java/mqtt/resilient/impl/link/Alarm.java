package mqtt.resilient.impl.link;

import mqtt.resilient.impl.environment.Scheduler;

/** One timer of a connection: goes off at the earliest of the times that were asked for. On the loop only. */
final class Alarm {
    private final Scheduler scheduler;
    private final Runnable ring;
    private Scheduler.Timer timer;
    private long timerAt;
    private boolean stopped;

    Alarm(Scheduler scheduler, Runnable check) {
        this.scheduler = scheduler;
        ring = () -> {
            timer = null;
            check.run();
        };
    }

    /** Goes off at this time, if not earlier. */
    void at(long time) {
        if (stopped || timer != null && timerAt - time <= 0) {
            return;
        }
        Scheduler.cancel(timer);
        timerAt = time;
        timer = scheduler.at(time, ring);
    }

    /** Never goes off again. */
    void stop() {
        stopped = true;
        Scheduler.cancel(timer);
    }
}
