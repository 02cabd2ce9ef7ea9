package mqtt.resilient.impl.store;

import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.environment.Repeated;
import mqtt.resilient.impl.environment.Scheduler;

/**
 * Asks again for what could not be read from the disk, after 1, 2, … 10 seconds, until all of it was read. On the io
 * thread only.
 */
final class Rereading {
    private static final long SECOND = 1_000_000_000L;
    private static final int LONGEST_SECONDS = 10;

    private final Scheduler scheduler;
    /** Asks again. */
    private final Runnable again;
    private final boolean[] unread = new boolean[Message.LANES];
    private final List<ReadRequest.Search> unanswered = new ArrayList<>();
    private long[] unseenAges;
    private Throwable reason;
    private int failures;
    private Scheduler.Timer timer;

    Rereading(Scheduler scheduler, Runnable again) {
        this.scheduler = scheduler;
        this.again = again;
    }

    /** A batch was read: notes what it could not read. */
    void noteRead(ReadRequest reads) {
        reason = reads.error != null ? reads.error : reason;
        for (int lane = 0; lane < unread.length; lane++) {
            unread[lane] = reads.hasLane(lane) ? reads.unread[lane] : unread[lane];
        }
        for (ReadRequest.Search search : reads.searches) {
            unanswered.remove(search);
            if (search.failed) {
                unanswered.add(search);
            }
        }
        unseenAges = reads.oldFailed ? reads.maxAges : reads.maxAges != null ? null : unseenAges;
        if (!isDue()) {
            failures = 0;
        } else if (timer == null) {
            failures++;
            long at = scheduler.nanoTime() + Math.min(failures, LONGEST_SECONDS) * SECOND;
            timer = scheduler.at(at, Repeated.of(scheduler, () -> {
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

    /** Searches to which the disk gave no answer so far. */
    List<ReadRequest.Search> unanswered() {
        return unanswered;
    }

    /** Why something could not be read when that was tried last. */
    Throwable reason() {
        return reason;
    }

    /** Asks for all of it again. */
    void addTo(ReadRequest reads, BacklogLane[] lanes) {
        for (int lane = 0; lane < unread.length; lane++) {
            if (unread[lane]) {
                reads.readBehind(lane, lanes[lane].loadedIndex);
            }
        }
        unanswered.stream().filter(search -> search.failed).forEach(reads::search); // the others are being asked
        if (unseenAges != null) {
            reads.findOld(unseenAges);
        }
    }
}
