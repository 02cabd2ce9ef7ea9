package mqtt.resilient.impl.io;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import mqtt.resilient.impl.environment.Handlers;

/**
 * Questions whose answers take a while, on threads of their own. Who asks what is being asked already gets the same
 * answer, so that somebody who hangs is asked once, not once per attempt. On the loop.
 */
final class Questions<A> {
    private final EventLoop loop;
    private final Threads threads;
    private final A stopping;
    private final Function<Throwable, A> failure;
    private final Map<String, Asked> waiting = new HashMap<>();

    /**
     * Makes the place where questions are asked.
     *
     * @param stopping the answer to what is asked after the end
     * @param failure the answer when a question could not be put
     */
    Questions(EventLoop loop, Threads threads, A stopping, Function<Throwable, A> failure) {
        this.loop = loop;
        this.threads = threads;
        this.stopping = stopping;
        this.failure = failure;
    }

    /** Asks; the answer comes on the loop, never before this method returns. */
    void ask(String what, Supplier<A> question, Consumer<A> receiver) {
        Asked asked = waiting.get(what);
        if (asked != null) {
            asked.receivers.add(receiver);
            return;
        }
        Asked added = new Asked(what, question);
        added.receivers.add(receiver);
        try {
            threads.execute(added);
        } catch (RejectedExecutionException e) {
            added.answer = stopping;
            loop.execute(added.tell);
        }
        waiting.put(what, added); // last: what is in there is being asked, and takes itself out
    }

    /** A question that is being asked. It takes the way back with it: an answer comes whatever happens. */
    private final class Asked implements Runnable {
        static {
            Handlers.prepare(Throwable.class);
        }

        private final String what;
        private final Supplier<A> question;
        private final List<Consumer<A>> receivers = new ArrayList<>();
        private final Runnable tell = this::tell;
        private volatile A answer;
        private volatile Throwable error;

        Asked(String what, Supplier<A> question) {
            this.what = what;
            this.question = question;
        }

        /** Off the loop. */
        @Override
        public void run() {
            try {
                answer = question.get();
            } catch (Throwable e) { // also no heap, or a class that cannot be loaded
                error = e;
            } finally {
                loop.execute(tell);
            }
        }

        private void tell() {
            waiting.remove(what, this);
            A found = error == null ? answer : failure.apply(error);
            for (Consumer<A> each : receivers) {
                loop.guard(() -> each.accept(found));
            }
        }
    }

    void stop() {
        threads.shutdownNow();
    }
}
