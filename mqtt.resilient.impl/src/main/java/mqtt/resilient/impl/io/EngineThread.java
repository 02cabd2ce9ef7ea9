package mqtt.resilient.impl.io;

/** A thread of the engine: the loop, a pool, or a listener's. */
public final class EngineThread extends Thread {

    EngineThread(Runnable task, String name) {
        super(task, name);
        setDaemon(true);
    }

    /** Whether the caller runs on a thread of the engine. */
    public static boolean isCurrent() {
        return Thread.currentThread() instanceof EngineThread;
    }
}
