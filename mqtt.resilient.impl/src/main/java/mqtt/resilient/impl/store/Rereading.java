package mqtt.resilient.impl.store;

import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.environment.Repeated;
import mqtt.resilient.impl.environment.Scheduler;

/** What could not be read: it is asked for again after 1, 2, … 10 seconds, until all of it was read. On the io thread only. */
final class Rereading {
    private static final long SECOND = 1_000_000_000L;
    private static final int LONGEST_SECONDS = 10;

    private final Scheduler scheduler;
    /** Asks again. */
    private final Runnable again;
    private final boolean[] unread = new boolean[Message.LANES];
    private final List<Batch.Search> unanswered = new ArrayList<>();
    private long[] unseenAges;
    private Throwable reason;
    private int failures;
    private Scheduler.Timer timer;

    Rereading(Scheduler scheduler, Runnable again) {
        this.scheduler = scheduler;
        this.again = again;
    }

    /** Takes note of what a batch could read and what it could not. */
    void ended(Batch batch) {
        reason = batch.readError != null ? batch.readError : reason;
        for (int lane = 0; lane < unread.length; lane++) {
            unread[lane] = batch.readBehind[lane] >= 0 ? batch.unread[lane] : unread[lane];
        }
        for (Batch.Search search : batch.searches) {
            unanswered.remove(search);
            if (search.failed) {
                unanswered.add(search);
            }
        }
        unseenAges = batch.oldFailed ? batch.maxAges : batch.maxAges != null ? null : unseenAges;
        if (!isDue()) {
            failures = 0;
        } else if (timer == null) {
            failures++;
            timer = scheduler.at(scheduler.nanoTime() + Math.min(failures, LONGEST_SECONDS) * SECOND, Repeated.of(scheduler, () -> {
                timer = null;
                again.run();
            }));
        }
    }

    /** Whether something has still to be read. */
    boolean isDue() {
        boolean due = unseenAges != null || !unanswered.isEmpty();
        for (boolean each : unread) {
            due |= each;
        }
        return due;
    }

    /** Whether a lane has still to be read. */
    boolean isUnread(int lane) {
        return unread[lane];
    }

    /** Why something could not be read when that was tried last. */
    Throwable reason() {
        return reason;
    }

    /** Has a batch read all of it. */
    void addTo(Batch batch, BacklogLane[] lanes) {
        for (int lane = 0; lane < unread.length; lane++) {
            if (unread[lane]) {
                batch.readBehind(lane, lanes[lane].loadedIndex);
            }
        }
        unanswered.stream().filter(search -> search.failed).forEach(batch::search); // the others are being asked
        if (unseenAges != null) {
            batch.findOld(unseenAges);
        }
    }
}
