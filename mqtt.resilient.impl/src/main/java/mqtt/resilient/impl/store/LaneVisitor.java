package mqtt.resilient.impl.store;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import mqtt.resilient.impl.session.Outgoing;

/** Goes through all lanes, a part with each call. */
final class LaneVisitor {
    private static final int SMALLEST_VISIT = 1000;
    private static final int CALLS_PER_ROUND = 8;

    private final LaneQueue[] lanes;
    private int lane;
    private long visitedId;
    /** Messages per call in the present round through all lanes. */
    private int budget;

    LaneVisitor(LaneQueue[] lanes) {
        this.lanes = lanes;
    }

    /** Hands over the next part; the receiver may remove what it is given. */
    void visitSome(Consumer<Outgoing> visitor) {
        if (lane == 0 && visitedId == 0) {
            int all = 0;
            for (LaneQueue each : lanes) {
                all += each.size();
            }
            budget = Math.max(SMALLEST_VISIT, all / CALLS_PER_ROUND + lanes.length);
        }
        List<Outgoing> seen = new ArrayList<>();
        for (int turns = 0; turns < lanes.length && seen.size() < budget; turns++) {
            LaneQueue queue = lanes[lane];
            int slot = queue.slotAfter(visitedId); // what was removed meanwhile has moved the slots
            for (; slot < queue.slots() && seen.size() < budget; slot++) {
                visitedId = queue.idAt(slot);
                if (queue.at(slot) != null) {
                    seen.add(queue.at(slot));
                }
            }
            if (slot >= queue.slots()) {
                queue.tidy();
                lane = (lane + 1) % lanes.length;
                visitedId = 0;
            }
        }
        seen.forEach(visitor);
    }
}
