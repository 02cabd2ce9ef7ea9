package mqtt.resilient.impl.link;

import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import mqtt.resilient.api.Authenticator;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.Scheduler;

/**
 * Calls the authenticator of a client off the loop, one call at a time: one that hangs holds one thread, not another
 * for each attempt. On the loop only.
 */
public final class AuthenticatorCalls {
    private static final int MOST_BYTES = 65_535;

    private final Supplier<String> client;
    private final Authenticator authenticator;
    private final Executor executor;
    private final Scheduler scheduler;
    private boolean busy;
    /** What the latest connection asks when the present call has come back; null = nothing. */
    private Runnable next;

    /**
     * Makes the calls of one client.
     *
     * @param client its name, which may change; from any thread
     * @param executor where the authenticator may block
     */
    public AuthenticatorCalls(Supplier<String> client, Authenticator authenticator, Executor executor,
            Scheduler scheduler) {
        this.client = client;
        this.authenticator = authenticator;
        this.executor = executor;
        this.scheduler = scheduler;
    }

    void begin(Consumer<Authenticator.Exchange> then, Consumer<String> failed) {
        ask(() -> authenticator.begin(client.get()), then, failed);
    }

    void askForData(Callable<byte[]> question, Consumer<byte[]> then, Consumer<String> failed) {
        ask(() -> {
            byte[] data = question.call();
            if (data != null && data.length > MOST_BYTES) {
                throw new IllegalArgumentException(data.length + " bytes of authentication data; allowed are "
                        + MOST_BYTES);
            }
            return data;
        }, then, failed);
    }

    <T> void ask(Callable<T> question, Consumer<T> then, Consumer<String> failed) {
        if (busy) {
            next = () -> ask(question, then, failed); // of an earlier connection, as was the one before in this place
            return;
        }
        Call<T> call = new Call<>(question, then, failed);
        busy = true;
        executor.execute(call);
    }

    /** One call. It takes the way back with it: an answer comes whatever happens. */
    private final class Call<T> implements Runnable {
        static {
            Handlers.prepare(Throwable.class);
        }

        private final Callable<T> question;
        private final Consumer<T> then;
        private final Consumer<String> failed;
        private final Runnable tell = this::tell;
        private volatile T answer;
        private volatile Throwable error;

        Call(Callable<T> question, Consumer<T> then, Consumer<String> failed) {
            this.question = question;
            this.then = then;
            this.failed = failed;
        }

        /** Off the loop. */
        @Override
        public void run() {
            try {
                answer = question.call();
            } catch (Throwable e) { // whatever it is, it is the authenticator's
                error = e;
            } finally {
                scheduler.execute(tell);
            }
        }

        private void tell() {
            busy = false;
            Runnable waiting = next;
            next = null;
            if (waiting != null) {
                waiting.run();
            }
            if (answer == null) {
                failed.accept("the Authenticator failed: " + (error == null ? "returned null" : error));
            } else {
                then.accept(answer);
            }
        }
    }
}
