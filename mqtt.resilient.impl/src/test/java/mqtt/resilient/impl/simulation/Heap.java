package mqtt.resilient.impl.simulation;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.SplittableRandom;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.environment.Scheduler.Timer;

/**
 * The heap of the process, which is full for a while: then an allocation may fail anywhere in the engine. What the
 * engine calls in the model, and some calls within it, stand for the places where that can happen.
 */
final class Heap {
    private static final int[] ODDS = { 2, 10, 50, 200, 1000 };

    private final Timeline timeline;
    private final SplittableRandom random;
    /** Whether it can be full at all in this run. */
    private final boolean used;
    private int reasons;
    private int odds;
    private int depth;

    Heap(Timeline timeline, SplittableRandom random, boolean used) {
        this.timeline = timeline;
        this.random = random;
        this.used = used;
    }

    /** It is full from now on, or one reason for that is gone. */
    void room(boolean there) {
        reasons += there ? -1 : 1;
        odds = ODDS[random.nextInt(ODDS.length)];
        timeline.trace("gateway",
                () -> reasons == 0 ? "has heap again" : "has no heap; one in " + odds + " allocations fails");
    }

    boolean isFull() {
        return reasons > 0;
    }

    /** Whether a larger piece is to be had now. */
    boolean hasRoom() {
        return reasons == 0 || random.nextInt(3) == 0;
    }

    /** Runs a task of the engine. */
    void run(Runnable task) {
        depth++;
        try {
            task.run();
        } finally {
            depth--;
        }
    }

    /** Something is allocated; without effect where it is not the engine that runs. */
    void allocate() {
        if (reasons > 0 && depth > 0 && random.nextInt(odds) == 0) {
            timeline.trace("gateway", () -> "an allocation fails");
            throw new OutOfMemoryError("simulated");
        }
    }

    /** How long a thread that found no room waits before it looks again. */
    long pauseNanos() {
        return random.nextLong(Timeline.SECOND);
    }

    /** The same object, of which any method may fail before it has done anything. */
    <T> T fragile(Class<T> type, T object) {
        return fragile(type, object, false);
    }

    /** The same, also afterwards if it returns nothing. */
    <T> T mostFragile(Class<T> type, T object) {
        return fragile(type, object, true);
    }

    private <T> T fragile(Class<T> type, T object, boolean afterwards) {
        if (!used || object == null) {
            return object;
        }
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type }, (proxy, method, arguments) -> {
                    if (method.getDeclaringClass() == Object.class) {
                        return method.invoke(object, arguments);
                    }
                    allocate();
                    try {
                        Object result = method.invoke(object, arguments);
                        if (afterwards && method.getReturnType() == void.class) {
                            allocate();
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }

    /** The clocks and the loop: reading a clock stands for any allocation; handing over never fails. */
    Scheduler fragile(Scheduler loop) {
        return !used ? loop : new Scheduler() {
            @Override
            public long nanoTime() {
                allocate();
                return loop.nanoTime();
            }

            @Override
            public long wallClockMillis() {
                allocate();
                return loop.wallClockMillis();
            }

            @Override
            public void execute(Runnable task) {
                loop.execute(task);
            }

            @Override
            public Timer at(long nanoTime, Runnable task) {
                return loop.at(nanoTime, task);
            }
        };
    }
}
