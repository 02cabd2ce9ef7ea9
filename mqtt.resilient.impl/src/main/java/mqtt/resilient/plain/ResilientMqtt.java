package mqtt.resilient.plain;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import mqtt.resilient.api.Authenticator;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.engine.ClientHandle;
import mqtt.resilient.impl.engine.ManagedClient;
import mqtt.resilient.impl.io.EngineThread;
import mqtt.resilient.spi.NetworkStateSource;
import mqtt.resilient.spi.TlsMaterial;

/**
 * An MQTT client in a Java program without OSGi. It takes the keys of the OSGi factory {@code mqtt.resilient.client},
 * with the same defaults and checks, and is the same engine:
 *
 * <pre>{@code
 * try (ResilientMqtt mqtt = ResilientMqtt.open(Map.of("mqtt.client", "plant",
 *         "brokers", "mqtts://broker.example.com", "store.directory", "/var/lib/plant"))) {
 *     mqtt.client().publish(Message.to("plant/boiler/temp").payload("71.3").build());
 * }
 * }</pre>
 *
 * <p>Only two things are different. {@code store.directory} has no default: it is needed unless {@code store=memory},
 * and with that {@code client.id} is. And a configuration that is not usable is thrown at whoever gives it, and not
 * tried again.
 *
 * <p>MQTT 5 is spoken if the jar mqtt.resilient.v5 is seen by the class loader of this class. All threads are daemons
 * whose names begin with {@code mqtt-}; they do not keep the JVM alive, and end with {@link #close()}. No shutdown hook
 * is set: when the JVM ends without it the broker sends the will, and what was stored is delivered after the next
 * start.
 *
 * <p>Safe from any thread.
 */
public final class ResilientMqtt implements AutoCloseable {
    private static final long CLOSING_SECONDS = 30;

    private final Program program;
    private final TlsMaterial tls;
    private final ManagedClient managed;
    private final ClientHandle client;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final CountDownLatch ended = new CountDownLatch(1);

    private ResilientMqtt(Builder builder, Program program) throws IOException {
        this.program = program;
        tls = builder.tls;
        managed = new ManagedClient(program.engine(), new ProgramHost(program, builder.authenticators, builder.source),
                "mqtt");
        try {
            configure(builder.configuration);
            managed.engineClient().ready().toCompletableFuture().get();
            if (managed.engineClient().status().store() == StoreHealth.FAILED) {
                throw new IOException(managed.name() + ": " + managed.engineClient().status().storeReason());
            }
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        } catch (ExecutionException e) {
            throw new IllegalStateException("it never fails", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close();
            throw new InterruptedIOException(managed.name() + ": interrupted while its store was opened");
        }
        client = managed.handle("the program");
    }

    /**
     * Opens a client, which connects by itself. Waits until its store is open, not until it is connected.
     *
     * @param configuration the keys of {@code docs/configuration.md}; values may have any type that can be read as the
     *        one that is meant. It is copied
     * @return the client, to be closed
     * @throws IllegalArgumentException if the configuration is not usable; the message names key, value and what is
     *         allowed
     * @throws IOException if the store cannot be opened, for example because another process uses it
     */
    public static ResilientMqtt open(Map<String, ?> configuration) throws IOException {
        return builder(configuration).open();
    }

    /**
     * Begins a client that needs more than a configuration.
     *
     * @param configuration as with {@link #open(Map)}
     * @return what takes the rest
     */
    public static Builder builder(Map<String, ?> configuration) {
        return new Builder(configuration);
    }

    /** {@return the client; every method throws {@link IllegalStateException} after {@link #close()}} */
    public ResilientMqttClient client() {
        return client;
    }

    /**
     * Takes another configuration while the client runs; what is not in it has its default again. What needs no other
     * connection acts at once. Another place of the store is opened after this returns:
     * {@link ResilientMqttClient#status()} tells whether it could be.
     *
     * @param configuration all of it
     * @throws IllegalArgumentException if it is not usable, or messages are pending that it would leave behind: then
     *         the last one stays in force
     * @throws IllegalStateException after {@link #close()}
     */
    public void configure(Map<String, ?> configuration) {
        if (closed.get()) {
            throw new IllegalStateException("client " + managed.name() + " is closed");
        }
        String error = managed.configureOnce(new HashMap<>(configuration), tls);
        if (!error.isEmpty()) {
            throw new IllegalArgumentException(error);
        }
    }

    /**
     * Says goodbye to the broker and closes the store; waits for that, a few seconds at most. Ends the threads, which
     * are gone soon after. What is pending stays in the store. Repeatable: a later caller waits for the first. Allowed
     * in a listener, whose thread ends when it returns; there a later call returns at once.
     */
    @Override
    public void close() {
        boolean interrupted = Thread.interrupted(); // what is closed by halves would keep its lock
        if (closed.compareAndSet(false, true)) {
            try {
                if (client != null) {
                    client.release();
                }
                managed.dispose();
                interrupted |= program.leave();
            } finally {
                ended.countDown();
            }
        } else if (!EngineThread.isCurrent()) { // the first one may be waiting for this thread
            interrupted |= awaitEnd();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for who has closed it first, unless that hangs. Whether the thread was interrupted meanwhile. */
    private boolean awaitEnd() {
        boolean interrupted = false;
        while (true) {
            try {
                ended.await(CLOSING_SECONDS, TimeUnit.SECONDS);
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }

    @Override
    public String toString() {
        return "ResilientMqtt[" + managed.name() + "]";
    }

    /** What a client needs beside its configuration. Not safe from several threads at once. */
    public static final class Builder {
        private final Map<String, ?> configuration;
        private final Map<String, Authenticator> authenticators = new HashMap<>();
        private NetworkStateSource source;
        private TlsMaterial tls;
        private ResilientMqtt other;

        private Builder(Map<String, ?> configuration) {
            this.configuration = Objects.requireNonNull(configuration, "configuration: null is not allowed");
        }

        /**
         * Authenticates with MQTT 5's enhanced authentication.
         *
         * @param method used when the key {@code auth.method} is this
         * @param authenticator who does it
         * @return this
         */
        public Builder authenticator(String method, Authenticator authenticator) {
            authenticators.put(method, Objects.requireNonNull(authenticator, "authenticator: null is not allowed"));
            return this;
        }

        /**
         * Watches the network, instead of what the operating system shows of it.
         *
         * @param networkSource used when the key {@code network.source} is {@code auto} or its name; called on
         *        {@code mqtt-host}
         * @return this
         */
        public Builder networkSource(NetworkStateSource networkSource) {
            source = networkSource;
            return this;
        }

        /**
         * Gives keys and trust, instead of the files of {@code tls.keystore} and {@code tls.truststore}.
         *
         * @param material where they come from
         * @return this
         */
        public Builder tls(TlsMaterial material) {
            tls = material;
            return this;
        }

        /**
         * Uses the threads of another client, for programs with many; they end with the last client that uses them.
         *
         * @param open a client that is not closed
         * @return this
         */
        public Builder sharing(ResilientMqtt open) {
            other = open;
            return this;
        }

        /**
         * Opens the client, as {@link ResilientMqtt#open(Map)} does.
         *
         * @return the client, to be closed
         * @throws IllegalArgumentException if the configuration is not usable; the message names key, value and what is
         *         allowed
         * @throws IllegalStateException if the client of {@link #sharing} is closed
         * @throws IOException if the store cannot be opened, for example because another process uses it
         */
        public ResilientMqtt open() throws IOException {
            if (other != null && other.closed.get()) { // also while another client keeps the threads
                throw new IllegalStateException("the client whose threads are to be shared is closed");
            }
            Program program = other == null ? new Program() : other.program;
            program.enter();
            return new ResilientMqtt(this, program);
        }
    }
}
