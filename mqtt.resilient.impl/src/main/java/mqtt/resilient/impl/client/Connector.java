package mqtt.resilient.impl.client;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionListener;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.impl.link.LinkStatus;
import mqtt.resilient.impl.link.Supervisor;
import mqtt.resilient.impl.session.Counters;
import mqtt.resilient.impl.session.Counters.Counter;

/**
 * The connecting half of a client: what users want of the connection, and who is told of it. The public methods are
 * safe from any thread; the others are for the loop.
 */
public final class Connector {
    private static final int MAX_WAITING = 1000;
    private static final String STOPPED = "the client has stopped";

    private final Environment environment;
    private final CommandQueue commands;
    private final Supervisor supervisor;
    private final Counters counters;
    private final ClientEvents events;
    private final Supplier<ClientStatus> status;
    private final List<StatusNotifier> notifiers = new CopyOnWriteArrayList<>();
    /** Who waits for the next connection; on the loop. */
    private final List<CompletableFuture<Void>> waiting = new ArrayList<>();
    private volatile LinkStatus link;
    private volatile ClientSettings.NameServer wanProbe;
    private boolean stopped;

    Connector(Environment environment, CommandQueue commands, Supervisor supervisor, Counters counters,
            ClientEvents events, Supplier<ClientStatus> status) {
        this.environment = environment;
        this.commands = commands;
        this.supervisor = supervisor;
        this.counters = counters;
        this.events = events;
        this.status = status;
        link = supervisor.status();
    }

    /** Takes new settings; from any thread. */
    void reconfigure(ClientSettings settings) {
        wanProbe = settings.wanProbe();
    }

    /** Where the connection stands; from any thread. */
    LinkStatus link() {
        return link;
    }

    public boolean isConnected() {
        return link.state() == ConnectionState.ONLINE;
    }

    /** Has a listener told every change, beginning with the present state. */
    public AutoCloseable addConnectionListener(ConnectionListener listener) {
        StatusNotifier notifier = new StatusNotifier(listener, environment.listeners(),
                (failed, error) -> commands.execute(() -> {
                    counters.count(Counter.LISTENER_FAILURES);
                    events.connectionListenerFailed(failed.getClass().getName(), error);
                }));
        commands.execute(() -> {
            if (!stopped && !notifiers.contains(notifier)) {
                notifiers.add(notifier);
                notifier.offer(status.get());
            }
        });
        return () -> {
            notifier.close();
            commands.execute(() -> notifiers.remove(notifier));
        };
    }

    /** The state has another reason: it is in the status, and nobody is notified. */
    void reasonChanged(LinkStatus now) {
        link = now;
    }

    /** The connection is in another state. */
    void changed(LinkStatus now) {
        link = now;
        if (now.state() == ConnectionState.RESOLVING) {
            counters.count(Counter.ATTEMPTS);
        } else if (now.state() == ConnectionState.ONLINE) {
            counters.count(Counter.CONNECTIONS);
            if (now.sessionLost()) {
                counters.count(Counter.SESSIONS_LOST);
            }
            endWaiting(this::succeed);
        }
        ClientStatus told = status.get();
        notifiers.forEach(notifier -> notifier.offer(told));
        events.changed(told, now.sessionLost(), now.permanent());
    }

    /** Answers whether the broker is there. */
    public CompletionStage<Boolean> brokerUp() {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        commands.execute(() -> supervisor.probe(up -> complete(answer, up)));
        return answer.minimalCompletionStage();
    }

    /** Answers whether the wide area network is there. */
    public CompletionStage<Boolean> wanUp() {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        if (isConnected()) {
            answer.complete(true);
        } else {
            ClientSettings.NameServer server = wanProbe;
            commands.execute(() -> environment.network().queryDns(server.host(), server.port(),
                    up -> complete(answer, up)));
        }
        return answer.minimalCompletionStage();
    }

    /** Pauses; the stage completes when the connection is gone. */
    public CompletionStage<Void> disconnect() {
        CompletableFuture<Void> gone = new CompletableFuture<>();
        commands.execute(() -> {
            if (!stopped) {
                supervisor.pause(Supervisor.PAUSED);
                endWaiting(stage -> fail(stage, Supervisor.PAUSED));
            }
            supervisor.whenClosed(() -> succeed(gone));
        });
        return gone.minimalCompletionStage();
    }

    /** Goes on after a pause; the stage completes when there is a connection. */
    public CompletionStage<Void> connect() {
        return connect(supervisor::resume);
    }

    /** Makes a new connection; the stage completes when it is there. */
    public CompletionStage<Void> reconnect() {
        return connect(() -> supervisor.restart("reconnect() was called"));
    }

    private CompletionStage<Void> connect(Runnable begin) {
        CompletableFuture<Void> there = new CompletableFuture<>();
        commands.execute(() -> {
            if (!stopped) {
                begin.run();
            }
            if (stopped || supervisor.isPaused()) {
                fail(there, stopped ? STOPPED : supervisor.status().reason());
            } else if (isConnected()) {
                succeed(there);
            } else if (waiting.size() == MAX_WAITING) {
                fail(there, MAX_WAITING + " calls wait for a connection already");
            } else {
                waiting.add(there);
            }
        });
        return there.minimalCompletionStage();
    }

    private void endWaiting(Consumer<CompletableFuture<Void>> how) {
        List<CompletableFuture<Void>> all = List.copyOf(waiting);
        waiting.clear();
        all.forEach(how);
    }

    private void succeed(CompletableFuture<Void> stage) {
        complete(stage, null);
    }

    private <T> void complete(CompletableFuture<T> stage, T result) {
        environment.completions().execute(() -> stage.complete(result));
    }

    private void fail(CompletableFuture<Void> stage, String reason) {
        environment.completions().execute(
                () -> stage.completeExceptionally(new IllegalStateException("not connected: " + reason)));
    }

    /** Ends all waiting, and notifies nobody of later changes; notifications that wait are still made. */
    void stop() {
        stopped = true;
        endWaiting(stage -> fail(stage, STOPPED));
        notifiers.forEach(StatusNotifier::finish);
    }
}
