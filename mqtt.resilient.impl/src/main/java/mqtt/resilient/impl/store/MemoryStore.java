package mqtt.resilient.impl.store;

import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.session.StoredState;

/** Keeps messages in the heap: they survive the link and the broker, not the process. */
public final class MemoryStore implements MessageStore {
    private static final int MOST_DEAD_LETTERS = 100;
    private static final long DEAD_LETTER_BYTES = 1_000_000;

    private final LaneQueue[] lanes = new LaneQueue[Message.LANES];
    private final ArrayDeque<Outgoing> deadLetters = new ArrayDeque<>();
    private long deadBytes;
    private final LaneVisitor visitor = new LaneVisitor(lanes);
    private final StoredState nothing = new StoredState();
    private Listener listener;
    private boolean opened;

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
    public void settled(Outgoing message) {
        // it left the heap with its last reference
    }

    @Override
    public void deadLettered(Outgoing message) {
        deadLetters.add(message);
        deadBytes += message.size();
        int forgotten = 0;
        while (deadLetters.size() > MOST_DEAD_LETTERS || deadBytes > DEAD_LETTER_BYTES && deadLetters.size() > 1) {
            deadBytes -= deadLetters.remove().size();
            forgotten++;
        }
        if (forgotten > 0) {
            listener.deadLettersForgotten(forgotten);
        }
    }

    @Override
    public void deadLetters(long id, Consumer<List<Outgoing>> found) {
        found.accept(deadLetters.stream().filter(each -> id == 0 || each.id() == id).toList());
    }

    @Override
    public void removeDeadLetter(Outgoing deadLetter) {
        deadBytes -= deadLetters.remove(deadLetter) ? deadLetter.size() : 0;
    }

    @Override
    public void configure(StoreSettings settings, Listener newListener) {
        listener = newListener;
        open();
    }

    private void open() {
        if (!opened) {
            listener.opened(nothing);
            opened = true; // last: without heap all of this comes again
        }
    }

    @Override
    public void mend() {
        if (listener != null) {
            open();
        }
    }

    @Override
    public void remove(Outgoing message) {
        lanes[message.lane()].remove(message.id());
    }

    @Override
    public void find(long id, Consumer<Outgoing> found) {
        Outgoing message = null;
        for (LaneQueue lane : lanes) {
            int slot = lane.find(id);
            message = slot < 0 ? message : lane.at(slot);
        }
        found.accept(message);
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
    public void visitSome(Consumer<Outgoing> receiver) {
        visitor.visitSome(receiver);
    }

    @Override
    public List<Outgoing> oldest(int lane, int most) {
        return lanes[lane].oldest(most);
    }

    @Override
    public long queued(int lane) {
        return lanes[lane].size();
    }
}
