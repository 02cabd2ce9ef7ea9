package mqtt.resilient.impl.link;

import java.net.InetAddress;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.Session;
import mqtt.resilient.spi.ProtocolVersion;
import mqtt.resilient.spi.packet.Connack;
import mqtt.resilient.spi.packet.Connect;

/**
 * Decides when a client connects, to which broker and how, and never gives up. Knows whose session the client's own
 * state belongs to: where that is not certain, the broker's session is discarded by a clean connection first
 * [MQTT-3.2.2-4].
 */
public final class Supervisor {
    private static final long MILLION = 1_000_000L;

    /** Hears of every change of state, on the loop. */
    public interface Listener {
        /** The state has changed. */
        void changed(LinkStatus status);
    }

    private final Network network;
    private final Scheduler scheduler;
    private final ProtocolVersion protocol;
    private final Session session;
    private final Listener listener;
    private final Backoff backoff;
    private final ResponseTimeout responseTimeout = new ResponseTimeout();

    /** Null until there is a usable configuration. */
    private LinkSettings settings;
    private boolean wanted;
    private LinkStatus status;
    private Link link;
    private Scheduler.Timer timer;
    /** Counts attempts for good, so that the answer to an abandoned one is recognised. */
    private long epoch;
    private int broker;
    private List<InetAddress> addresses = List.of();
    private int address;
    private int attempt;
    private long onlineSince;
    private boolean readingPaused;
    private int closing;
    private Runnable afterClosing;
    /** Broker and client id of the session that ours continues; null = none, what the broker has is not ours. */
    private String ownSession;
    /** Broker and client id whose session was just discarded. */
    private String discarded;

    public Supervisor(Network network, Scheduler scheduler, RandomGenerator random, ProtocolVersion protocol,
            Session session, Listener listener) {
        this.network = network;
        this.scheduler = scheduler;
        this.protocol = protocol;
        this.session = session;
        this.listener = listener;
        backoff = new Backoff(random);
        status = new LinkStatus(ConnectionState.OFFLINE, scheduler.wallClockMillis(), "not started", "", "", 0, 0,
                false, false);
    }

    /** Begins, and takes every later configuration; reconnects only where it must. */
    public void configure(LinkSettings newSettings) {
        LinkSettings before = settings;
        settings = newSettings;
        if (before == null) {
            wanted = true;
            attempt();
        } else if (before.needsReconnect(newSettings)) {
            if (!before.brokers().equals(newSettings.brokers())) {
                broker = 0;
            }
            restart("the configuration has changed");
        } else if (link != null) {
            link.reconfigure(newSettings);
        }
    }

    /** There is no usable configuration. */
    public void fail(String reason) {
        if (settings == null) {
            change(ConnectionState.FAILED, reason, 0);
        }
    }

    /** Stays offline until {@link #resume}. */
    public void pause(String reason) {
        wanted = false;
        abandon();
        change(ConnectionState.PAUSED, reason, 0);
    }

    /** Connects again after {@link #pause}. */
    public void resume() {
        if (!wanted && settings != null) {
            wanted = true;
            backoff.reset();
            attempt();
        }
    }

    /** Makes a new connection now. */
    public void restart(String reason) {
        if (wanted) {
            boolean online = status.state() == ConnectionState.ONLINE;
            abandon();
            if (online) {
                change(ConnectionState.WAITING, reason, 0);
            }
            backoff.reset();
            attempt();
        }
    }

    /** Ends the connection for good; {@code then} runs when the broker has let go. */
    public void stop(Runnable then) {
        wanted = false;
        abandon();
        change(ConnectionState.OFFLINE, "stopped", 0);
        whenClosed(then);
    }

    /** There is something to send. */
    public void wake() {
        if (link != null) {
            link.requestWrite();
        }
    }

    /** Stops or resumes reading from the broker. */
    public void pauseReading(boolean pause) {
        readingPaused = pause;
        if (link != null && status.state() == ConnectionState.ONLINE) {
            link.pauseReading(pause);
        }
    }

    /** Answers whether the broker is there. */
    public void probe(Consumer<Boolean> answer) {
        if (link != null && status.state() == ConnectionState.ONLINE) {
            link.probe(answer);
        } else {
            answer.accept(false);
        }
    }

    public LinkStatus status() {
        return status;
    }

    // ---- one attempt ----------------------------------------------------------------------------------------------

    private void attempt() {
        abandon();
        whenClosed(this::resolve);
    }

    private void resolve() {
        if (broker >= settings.brokers().size()) {
            broker = 0;
        }
        attempt++;
        BrokerUri uri = settings.brokers().get(broker);
        change(ConnectionState.RESOLVING, uri.host(), 0);
        long mine = epoch;
        at(scheduler.nanoTime() + settings.connectNanos(), () -> failed(new Ending(Ending.Cause.UNREACHABLE,
                "the name " + uri.host() + " was not resolved within connect.seconds")));
        network.resolve(uri.host(), (found, error) -> {
            if (mine == epoch) {
                if (found == null || found.isEmpty()) {
                    failed(new Ending(Ending.Cause.UNREACHABLE, "cannot resolve " + uri.host() + ": " + error));
                } else {
                    addresses = found;
                    address = 0;
                    connect();
                }
            }
        });
    }

    private void connect() {
        abandon();
        whenClosed(this::open);
    }

    private void open() {
        BrokerUri uri = settings.brokers().get(broker);
        boolean discard = settings.sessionExpirySeconds() > 0 && !sessionKey().equals(ownSession)
                && !sessionKey().equals(discarded);
        boolean clean = discard || settings.sessionExpirySeconds() == 0;
        change(ConnectionState.CONNECTING, uri + " at " + addresses.get(address).getHostAddress(), 0);
        Connect connect = new Connect(settings.clientId(), clean, settings.keepAliveSeconds(), settings.user(),
                settings.password(), settings.will());
        link = new Link(network, scheduler, protocol, settings, addresses.get(address), uri.port(), connect,
                responseTimeout, new Attempt(discard));
    }

    /** The links of one attempt. */
    private final class Attempt implements Link.Owner {
        private final boolean discard;

        Attempt(boolean discard) {
            this.discard = discard;
        }

        @Override
        public void handshake() {
            change(ConnectionState.HANDSHAKE, discard ? "discarding a session that is not ours" : "CONNECT is sent", 0);
        }

        @Override
        public void accepted(Connack connack) {
            if (discard) {
                discarded = sessionKey();
                connect();
            } else {
                online(connack);
            }
        }

        @Override
        public void ended(Ending ending) {
            link = null;
            if (ending.cause() == Ending.Cause.UNREACHABLE && address + 1 < addresses.size()) {
                address++;
                connect();
            } else {
                failed(ending);
            }
        }
    }

    private void online(Connack connack) {
        String key = sessionKey();
        boolean continued = key.equals(ownSession);
        boolean sessionPresent = connack.sessionPresent() && settings.sessionExpirySeconds() > 0;
        if (sessionPresent && !continued) {
            discarded = null;
            abandon();
            failed(new Ending(Ending.Cause.PROTOCOL, "the broker resumes a session that is not ours [MQTT-3.2.2-4]"));
            return;
        }
        boolean lost = continued && !sessionPresent;
        ownSession = settings.sessionExpirySeconds() > 0 ? key : null;
        discarded = null;
        attempt = 0;
        onlineSince = scheduler.nanoTime();
        link.attach(session, sessionPresent);
        if (readingPaused) {
            link.pauseReading(true);
        }
        change(ConnectionState.ONLINE, lost ? "connected; the broker has lost the session" : "connected", 0,
                sessionPresent, lost);
    }

    private String sessionKey() {
        return settings.brokers().get(broker) + " " + settings.clientId();
    }

    private void failed(Ending ending) {
        boolean wasOnline = status.state() == ConnectionState.ONLINE;
        abandon();
        long now = scheduler.nanoTime();
        if (wasOnline) {
            if (now - onlineSince >= settings.stableNanos()) {
                backoff.reset();
            }
        } else {
            broker = (broker + 1) % settings.brokers().size();
        }
        long wait = backoff.next(settings.backoffMinNanos(), settings.backoffMaxNanos());
        if (ending.cause() == Ending.Cause.REFUSED_FOR_GOOD) {
            wait = Math.max(wait, settings.backoffMaxNanos());
        }
        change(ConnectionState.WAITING, ending.reason(), now + wait);
        at(now + wait, this::attempt);
    }

    /** Leaves whatever is under way. */
    private void abandon() {
        epoch++;
        afterClosing = null;
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
        if (link != null) {
            Link leaving = link;
            link = null;
            closing++;
            leaving.close(() -> {
                closing--;
                if (closing == 0 && afterClosing != null) {
                    Runnable next = afterClosing;
                    afterClosing = null;
                    next.run();
                }
            });
        }
    }

    /** Runs a task once the broker has let go of the last connection: it would take a new one for a takeover. */
    private void whenClosed(Runnable task) {
        if (closing == 0) {
            task.run();
        } else {
            afterClosing = task;
        }
    }

    private void at(long time, Runnable task) {
        timer = scheduler.at(time, () -> {
            timer = null;
            task.run();
        });
    }

    private void change(ConnectionState state, String reason, long nextAttempt) {
        change(state, reason, nextAttempt, false, false);
    }

    private void change(ConnectionState state, String reason, long nextAttempt, boolean sessionPresent,
            boolean sessionLost) {
        String uri = settings == null ? "" : settings.brokers().get(broker % settings.brokers().size()).toString();
        boolean tried = state == ConnectionState.WAITING && !status.broker().isEmpty();
        status = new LinkStatus(state, state == status.state() ? status.sinceMillis() : scheduler.wallClockMillis(),
                reason, tried ? status.broker() : uri, settings == null ? "" : settings.clientId(), attempt,
                nextAttempt, sessionPresent, sessionLost);
        listener.changed(status);
    }

    /** Milliseconds until a time; 0 when it is over or there is none. */
    public static long millisUntil(long nanoTime, long now) {
        return nanoTime == 0 ? 0 : Math.max(0, (nanoTime - now) / MILLION);
    }
}
