package mqtt.resilient.impl.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.client.ClientEvents;
import mqtt.resilient.impl.client.ClientSettings;
import mqtt.resilient.impl.client.Environment;
import mqtt.resilient.impl.codec.Mqtt311;
import mqtt.resilient.impl.engine.Keys;
import mqtt.resilient.impl.environment.Route;
import mqtt.resilient.impl.link.LinkSettings;
import mqtt.resilient.impl.store.MemoryStore;

/** A client on the real loop, quick to try again. */
final class RealClient implements AutoCloseable {
    private static final long MILLI = 1_000_000L;

    private final Threads completions;
    private final EventLoop loop;
    private Client client;
    private final List<Object> keys = new ArrayList<>();
    private long responseMillis = 2000;
    private long connectMillis = 2000;
    private long backoffMinMillis = 20;
    private long backoffMaxMillis = 200;

    RealClient(String broker) {
        keys.addAll(List.of("brokers", broker));
        try {
            loop = new EventLoop();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        loop.start();
        completions = loop.threads("mqtt-complete", 0, 1);
    }

    RealClient proxy(Route.Proxy.Kind kind, int port, String user, String password) {
        keys.addAll(List.of("proxy", (kind == Route.Proxy.Kind.HTTP ? "http" : "socks5") + "://127.0.0.1:" + port));
        if (user != null) {
            keys.addAll(List.of("proxy.user", user, ".proxy.password", password));
        }
        return this;
    }

    RealClient with(Object... more) {
        keys.addAll(List.of(more));
        return this;
    }

    RealClient trusting(Path trustStore) {
        keys.addAll(List.of("tls.truststore", trustStore));
        return this;
    }

    RealClient waits(long newResponseMillis, long newConnectMillis) {
        responseMillis = newResponseMillis;
        connectMillis = newConnectMillis;
        return this;
    }

    RealClient backsOff(long minMillis, long maxMillis) {
        backoffMinMillis = minMillis;
        backoffMaxMillis = maxMillis;
        return this;
    }

    RealClient start() {
        ClientSettings base = Keys.settings(keys.toArray());
        LinkSettings link = base.link();
        ClientSettings settings = Keys.with(base, "link", Keys.with(link, "timing", Keys.with(link.timing(),
                "responseNanos", responseMillis * MILLI, "connectNanos", connectMillis * MILLI,
                "backoffMinNanos", backoffMinMillis * MILLI, "backoffMaxNanos", backoffMaxMillis * MILLI)));
        client = new Client(new Environment(loop, loop, new SplittableRandom(1), completions,
                new WaitableStages(completions)), "real",
                new Mqtt311(), store -> new MemoryStore(), settings, silence());
        client.configure("real", settings);
        return this;
    }

    private static ClientEvents silence() {
        return (ClientEvents) java.lang.reflect.Proxy.newProxyInstance(RealClient.class.getClassLoader(),
                new Class<?>[] { ClientEvents.class }, (self, method, arguments) -> null);
    }

    /** Ends the loop, and tells the client as an engine does. */
    void breakOff(String words) {
        loop.watch(new EventLoop.Watcher() {
            @Override
            public void heapWasShort(String where) {
                throw new AssertionError(where);
            }

            @Override
            public void ended(Throwable reason) {
                client.fail(words);
            }
        });
        loop.breakOff(new IllegalStateException(words));
    }

    Client client() {
        return client;
    }

    RealClient awaitOnline() {
        Await.until(() -> "online: " + client.status(), client.connector()::isConnected);
        return this;
    }

    /** Waits until the client waits for its next attempt, for a reason that contains these words; gives the reason. */
    String awaitReason(String... words) {
        String[] reason = new String[1];
        Await.until(() -> String.join(" … ", words) + " in " + client.status(), () -> {
            var status = client.status();
            reason[0] = status.reason();
            boolean all = status.state() == ConnectionState.WAITING;
            for (String word : words) {
                all &= reason[0].contains(word);
            }
            return all;
        });
        return reason[0];
    }

    void awaitAttempts(long attempts) {
        Await.until(() -> attempts + " attempts: " + client.metrics().attempts() + " " + client.status(),
                () -> client.metrics().attempts() >= attempts);
    }

    @Override
    public void close() {
        client.stop().toCompletableFuture().join();
        try {
            loop.stop(5000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        completions.shutdownNow();
    }
}
