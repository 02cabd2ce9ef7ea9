package mqtt.resilient.impl.io;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Questions whose answers take a while, on threads of their own. Who asks what is being asked already gets the same
 * answer, so that somebody who hangs is asked once, not once per attempt. On the loop.
 */
final class Questions<A> {
    private final EventLoop loop;
    private final ThreadPoolExecutor threads;
    private final A stopping;
    private final Map<String, List<Consumer<A>>> waiting = new HashMap<>();

    /** Answers with {@code stopping} what is asked after the end. */
    Questions(EventLoop loop, ThreadPoolExecutor threads, A stopping) {
        this.loop = loop;
        this.threads = threads;
        this.stopping = stopping;
    }

    /** Asks; the answer comes on the loop, never before this method returns. */
    void ask(String what, Supplier<A> question, Consumer<A> receiver) {
        List<Consumer<A>> receivers = waiting.computeIfAbsent(what, key -> new ArrayList<>());
        receivers.add(receiver);
        if (receivers.size() > 1) {
            return;
        }
        try {
            threads.execute(() -> answer(what, question.get()));
        } catch (RejectedExecutionException e) {
            answer(what, stopping);
        }
    }

    private void answer(String what, A answer) {
        loop.execute(() -> waiting.remove(what).forEach(each -> each.accept(answer)));
    }

    void stop() {
        threads.shutdownNow();
    }
}
