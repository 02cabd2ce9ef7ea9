package mqtt.resilient.impl.store;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.Outgoing;

/** Keeps messages in the heap: they survive the link and the broker, not the process. */
public final class MemoryStore implements MessageStore {
    private static final int SMALLEST_VISIT = 1000;
    private static final int CALLS_PER_ROUND = 8;

    private final LaneQueue[] lanes = new LaneQueue[Message.LANES];
    private int visitLane;
    private long visitedId;
    /** Messages per call in the present round through all lanes. */
    private int visitBudget;

    public MemoryStore() {
        for (int lane = 0; lane < lanes.length; lane++) {
            lanes[lane] = new LaneQueue();
        }
    }

    @Override
    public void append(Outgoing message) {
        lanes[message.lane()].add(message);
    }

    @Override
    public Outgoing next(int lane) {
        return lanes[lane].first();
    }

    @Override
    public void sent(Outgoing message) {
        lanes[message.lane()].removeFirst();
    }

    @Override
    public void ended(Outgoing message) {
        // it left the heap with its last reference
    }

    @Override
    public Outgoing remove(long id) {
        for (LaneQueue lane : lanes) {
            Outgoing found = lane.remove(id);
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    @Override
    public boolean contains(long id) {
        for (LaneQueue lane : lanes) {
            if (lane.find(id) >= 0) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Outgoing removeOldest() {
        for (int lane = lanes.length - 1; lane >= 0; lane--) {
            Outgoing oldest = removeOldest(lane);
            if (oldest != null) {
                return oldest;
            }
        }
        return null;
    }

    @Override
    public Outgoing removeOldest(int lane) {
        Outgoing oldest = lanes[lane].first();
        if (oldest != null) {
            lanes[lane].removeFirst();
        }
        return oldest;
    }

    @Override
    public void visitSome(Consumer<Outgoing> visitor) {
        if (visitLane == 0 && visitedId == 0) {
            visitBudget = Math.max(SMALLEST_VISIT, queued() / CALLS_PER_ROUND + lanes.length);
        }
        List<Outgoing> seen = new ArrayList<>();
        for (int turns = 0; turns < lanes.length && seen.size() < visitBudget; turns++) {
            LaneQueue lane = lanes[visitLane];
            int slot = lane.slotAfter(visitedId); // what was removed meanwhile has moved the slots
            for (; slot < lane.slots() && seen.size() < visitBudget; slot++) {
                visitedId = lane.idAt(slot);
                if (lane.at(slot) != null) {
                    seen.add(lane.at(slot));
                }
            }
            if (slot >= lane.slots()) {
                lane.tidy();
                visitLane = (visitLane + 1) % lanes.length;
                visitedId = 0;
            }
        }
        seen.forEach(visitor);
    }

    @Override
    public int queued() {
        int sum = 0;
        for (LaneQueue lane : lanes) {
            sum += lane.size();
        }
        return sum;
    }
}
