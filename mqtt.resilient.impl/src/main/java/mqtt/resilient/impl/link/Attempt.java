package mqtt.resilient.impl.link;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.spi.NetworkState;
import mqtt.resilient.spi.ProtocolVersion;
import mqtt.resilient.spi.packet.Connack;
import mqtt.resilient.spi.packet.Connect;

/**
 * One attempt to reach one broker: resolves its name, races its addresses (RFC 8305), connects clean first if a session
 * is to be discarded, and ends with a link that the broker has accepted, or with a reason. On the loop only.
 */
final class Attempt {
    /** RFC 8305 section 5: the next address begins when the one before has not answered for so long. */
    private static final long RACE_DELAY_NANOS = 250_000_000L;

    /** Is told how it goes; not after {@link #abandon}. */
    interface Listener {
        /** The attempt has come to another stage. */
        void stage(ConnectionState state, String reason);

        /** The broker has accepted; the listener attaches its session at once, or abandons. */
        void online(Link link, Connack connack);

        /** The attempt, or the link that came of it, has ended. */
        void attemptEnded(Ending ending);
    }

    private enum Stage {
        /** The name is being resolved, or network connections are being made. */
        RACING,
        /** CONNECT goes out on one of them. */
        CONNECTED,
        /** The broker has accepted it. */
        ACCEPTED,
        /** The connection that discarded a session is being closed. */
        DISCARDING,
        /** It has failed, or was abandoned. */
        DONE
    }

    private final Network network;
    private final Scheduler scheduler;
    private final ProtocolVersion protocol;
    private final LinkSettings settings;
    private final BrokerUri broker;
    private final SessionOwner owner;
    private final SessionKey key;
    private final ResponseTimeout responseTimeout;
    private final Listener listener;
    /** Null = no enhanced authentication. */
    private final AuthenticatorCalls authenticator;
    /** How many of the broker's addresses come last this time. */
    private final int skipped;

    private final List<Link> racing = new ArrayList<>();
    private final Tried tried = new Tried();
    private ArrayDeque<InetAddress> addresses = new ArrayDeque<>();
    private Stage stage = Stage.RACING;
    /** Whether a session is to be discarded first. */
    private boolean discard;
    /** The link that was first to have a network connection; null while there is none. */
    private Link winner;
    /** Where its connection goes. */
    private InetAddress reached;
    private Scheduler.Timer timer;
    private Runnable whenClosed;

    Attempt(Network network, Scheduler scheduler, ProtocolVersion protocol, LinkSettings settings, BrokerUri broker,
            SessionOwner owner, int skipped, AuthenticatorCalls authenticator, ResponseTimeout responseTimeout,
            Listener listener) {
        this.network = network;
        this.scheduler = scheduler;
        this.protocol = protocol;
        this.settings = settings;
        this.broker = broker;
        this.owner = owner;
        key = owner.key(settings, broker, protocol);
        discard = owner.mustDiscard(key, settings);
        this.skipped = skipped;
        this.authenticator = authenticator;
        this.responseTimeout = responseTimeout;
        this.listener = listener;
    }

    void start() {
        String host = settings.tcpHost(broker);
        String name = settings.transport().proxy() == null ? host : "the proxy " + host;
        listener.stage(ConnectionState.RESOLVING, name);
        at(settings.timing().connectNanos(), () -> fail(new Ending(Ending.Cause.UNRESOLVED, "the name of " + name
                + " was not resolved within connect.seconds (" + Link.seconds(settings.timing().connectNanos())
                + ")")));
        network.resolve(host, (found, error) -> {
            if (stage != Stage.DONE) {
                if (found == null || found.isEmpty()) {
                    fail(new Ending(Ending.Cause.UNRESOLVED, "cannot resolve " + name + ": " + error));
                } else {
                    race(name, found);
                }
            }
        });
    }

    private void race(String name, List<InetAddress> found) {
        List<InetAddress> allowed = Way.allowed(network, settings, found);
        if (allowed.isEmpty()) {
            fail(new Ending(Ending.Cause.UNREACHABLE, name + ": " + Way.refusal(network, settings, found)));
            return;
        }
        List<InetAddress> order = interleaved(allowed);
        Collections.rotate(order, -skipped); // one that connects and says nothing must not hide the others
        race(order);
    }

    /** IPv6 and IPv4 in turn, beginning with the family that comes first. */
    static List<InetAddress> interleaved(List<InetAddress> found) {
        boolean sixFirst = found.get(0) instanceof Inet6Address;
        var families = found.stream()
                .collect(Collectors.partitioningBy(address -> address instanceof Inet6Address == sixFirst));
        List<InetAddress> order = new ArrayList<>();
        for (int i = 0; i < found.size(); i++) {
            families.get(true).stream().skip(i).limit(1).forEach(order::add);
            families.get(false).stream().skip(i).limit(1).forEach(order::add);
        }
        return order;
    }

    /** The network is another one, and the link may not work any more; {@code restart} if it must not be used. */
    void networkChanged(NetworkState state, Consumer<String> restart) {
        if (!Way.isAllowed(network, settings, reached)) {
            restart.accept(Way.refusal(network, settings, List.of(reached)));
        } else if (state == NetworkState.DOWN) {
            winner.suspect();
        } else {
            winner.ping(); // another way out: the old connection may be a dead one
        }
    }

    /** Whether it has not come as far as a connection. */
    boolean isTrying() {
        return stage == Stage.RACING;
    }

    /** Whether a connection of its own only discards a session; with MQTT 5 one CONNECT discards it and begins anew. */
    private boolean isDiscarding() {
        return discard && !protocol.hasSessionExpiry();
    }

    private void race(List<InetAddress> order) {
        addresses = new ArrayDeque<>(order);
        stage = Stage.RACING;
        next();
    }

    /** Begins with the next address, while those before go on. */
    private void next() {
        Scheduler.cancel(timer);
        InetAddress address = addresses.poll();
        if (address == null) {
            return;
        }
        if (!addresses.isEmpty()) {
            at(RACE_DELAY_NANOS, this::next);
        }
        listener.stage(ConnectionState.CONNECTING, broker + " at " + address.getHostAddress()
                + (settings.transport().proxy() == null ? "" : " through " + settings.transport().proxy()));
        boolean clean = discard || settings.sessionExpirySeconds() == 0;
        LinkSettings.Login login = settings.login();
        Racer racer = new Racer(address);
        racer.link = new Link(network, scheduler, protocol, settings, settings.route(broker, address),
                new Connect(key.clientId(), clean, login.keepAliveSeconds(), login.user(), login.password(),
                        login.will(), settings.version().options(settings.sessionExpirySeconds(),
                                settings.packetMaxBytes())),
                authenticator, responseTimeout, racer);
        racing.add(racer.link);
    }

    private final class Racer implements Link.Owner {
        private final InetAddress address;
        private Link link;

        Racer(InetAddress address) {
            this.address = address;
        }

        @Override
        public void networkConnected() {
            winner = link;
            reached = address;
            stage = Stage.CONNECTED;
            Scheduler.cancel(timer);
            addresses.clear();
            racing.remove(link);
            closeRacing();
            if (!isDiscarding()) {
                owner.connectSent(key);
            }
            listener.stage(ConnectionState.HANDSHAKE, isDiscarding() ? "discarding a session that is not ours"
                    : "CONNECT is sent");
        }

        @Override
        public void connackAccepted(Connack connack) {
            if (isDiscarding()) {
                discard = false;
                owner.discarded(key);
                winner = null;
                stage = Stage.DISCARDING;
                link.close(() -> { // or the broker would take the new connection for a takeover
                    if (stage == Stage.DONE) {
                        whenClosed.run();
                    } else {
                        race(List.of(address));
                    }
                });
            } else {
                stage = Stage.ACCEPTED;
                listener.online(link, connack);
            }
        }

        @Override
        public void connectionEnded(Ending ending) {
            racing.remove(link);
            if (link == winner) {
                boolean told = stage == Stage.ACCEPTED || ending.cause() == Ending.Cause.REDIRECTED;
                fail(told ? ending : new Tried().failed(ending, settings.place(broker, address)));
                return;
            }
            Ending all = tried.failed(ending, settings.place(broker, address));
            if (!addresses.isEmpty()) {
                next();
            } else if (racing.isEmpty()) {
                fail(all);
            }
        }
    }

    private void fail(Ending ending) {
        if (stage == Stage.DONE) {
            return;
        }
        stage = Stage.DONE;
        Scheduler.cancel(timer);
        closeRacing();
        listener.attemptEnded(ending);
    }

    private void closeRacing() {
        racing.forEach(link -> link.close(() -> {}));
        racing.clear();
    }

    /**
     * Ends the attempt or its link; the listener is told nothing more, {@code then} runs when the broker has closed it.
     */
    void abandon(boolean publishWill, Runnable then) {
        boolean discarding = stage == Stage.DISCARDING;
        stage = Stage.DONE;
        Scheduler.cancel(timer);
        closeRacing();
        if (winner != null) {
            winner.close(publishWill, then);
        } else if (discarding) {
            whenClosed = then;
        } else {
            then.run();
        }
    }

    /** Nobody is told anything more of it; its connections are closed by who calls this. */
    void abort() {
        stage = Stage.DONE;
        Scheduler.cancel(timer);
    }

    private void at(long nanos, Runnable task) {
        Scheduler.cancel(timer);
        timer = scheduler.at(scheduler.nanoTime() + nanos, task);
    }
}
