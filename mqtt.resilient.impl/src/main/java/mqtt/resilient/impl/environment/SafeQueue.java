package mqtt.resilient.impl.environment;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.function.Predicate;

/**
 * An array queue whose adding either succeeds or, for want of heap, throws and changes nothing; an {@link ArrayDeque}
 * is empty when it could not grow. Only adding allocates. Not safe for several threads.
 */
public final class SafeQueue<T> {
    private static final int FEW = 8;
    private static final int MAX_KEPT = 1024;

    private ArrayDeque<T> queue = new ArrayDeque<>(FEW);
    /** What the queue holds without growing. */
    private int room = FEW;

    /** Adds at the end. */
    public void add(T thing) {
        makeRoom(1);
        queue.add(thing);
    }

    /** Adds at the front. */
    public void addFirst(T thing) {
        makeRoom(1);
        queue.addFirst(thing);
    }

    /** Makes sure that so many more can be added without heap. */
    public void makeRoom(int more) {
        if (queue.size() + more > room) {
            grow(Math.max(2 * room, queue.size() + more));
        } else if (room > MAX_KEPT && queue.isEmpty()) {
            grow(Math.max(FEW, more));
        }
    }

    private void grow(int newRoom) {
        ArrayDeque<T> other = new ArrayDeque<>(newRoom);
        other.addAll(queue);
        queue = other;
        room = newRoom;
    }

    /** The first thing; null if there is none. */
    public T peek() {
        return queue.peek();
    }

    /** Takes the first thing out; null if there is none. */
    public T poll() {
        return queue.poll();
    }

    /** Takes out the first thing that is wanted; null if none is. */
    public T removeFirst(Predicate<T> wanted) {
        for (Iterator<T> all = queue.iterator(); all.hasNext();) {
            T thing = all.next();
            if (wanted.test(thing)) {
                all.remove();
                return thing;
            }
        }
        return null;
    }

    /** What is in it, in order; to look at. */
    public Collection<T> view() {
        return Collections.unmodifiableCollection(queue);
    }

    /** Takes out all that are wanted. */
    public void removeIf(Predicate<T> wanted) {
        queue.removeIf(wanted);
    }

    public boolean isEmpty() {
        return queue.isEmpty();
    }

    public int size() {
        return queue.size();
    }

    public void clear() {
        queue.clear();
    }
}
