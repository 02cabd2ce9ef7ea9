package mqtt.resilient.console.model;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import mqtt.resilient.api.BrokerStatus;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.StoreHealth;

/** Explains the state of a client in words, for an operator who has just been called. */
public final class Explanation {
    private static final int MOST = 400;
    /** Messages per second that are no tendency. */
    private static final double STILL = 0.1;

    private Explanation() {
    }

    /**
     * Explains a client: first what is wrong with its store, if anything is; then what state, why, what happens next
     * and when, the configuration, the backlog.
     *
     * @param status its state
     * @param stretch how long it has been connected, or has not been
     * @param metrics its figures
     * @param growth by how many messages per second the backlog grows; NaN = not known
     * @param log what happened to it lately, the latest last
     * @return one paragraph, harmless for a terminal
     */
    public static String of(ClientStatus status, Stretch stretch, ClientMetrics metrics, double growth,
            List<EventLog.Entry> log) {
        StringJoiner words = new StringJoiner(" ");
        store(words, status);
        connection(words, status, stretch, metrics, log);
        if (status.brokers().size() > 1) {
            words.add("Brokers: " + status.brokers().stream().map(Explanation::broker).collect(Collectors.joining("; "))
                    + ".");
        }
        if (!status.configurationError().isEmpty() && status.state() != ConnectionState.FAILED) {
            words.add("The latest configuration was rejected, the one before stays in force: "
                    + Text.printable(status.configurationError(), MOST) + ".");
        }
        backlog(words, status, metrics, growth);
        if (status.store() == StoreHealth.OK) {
            words.add("Store healthy.");
        }
        losses(words, metrics);
        return words.toString();
    }

    /**
     * Compares the figures at two moments.
     *
     * @param before the figures then
     * @param after the figures now
     * @param between the time between them, more than zero
     * @return by how many messages per second what waits grows, less than zero = it shrinks; what is under way is not
     *         part of it, because that is no backlog; NaN = the client has begun anew meanwhile
     */
    public static double growth(ClientMetrics before, ClientMetrics after, Duration between) {
        return after.accepted() < before.accepted() || after.connections() < before.connections() ? Double.NaN
                : (waiting(after) - waiting(before)) / (between.toNanos() / 1e9);
    }

    private static long waiting(ClientMetrics metrics) {
        return metrics.pending() - metrics.inFlight();
    }

    private static void connection(StringJoiner words, ClientStatus status, Stretch stretch, ClientMetrics metrics,
            List<EventLog.Entry> log) {
        String reason = Text.printable(status.reason(), MOST);
        String broker = Text.printable(status.broker(), MOST);
        String planned = Text.duration(status.nextAttempt());
        String lasts = Text.duration(stretch.lasts());
        if (status.state() == ConnectionState.ONLINE) {
            words.add(status.client() + " has been connected to " + broker + " for " + lasts + ", with MQTT "
                    + status.protocol()
                    + "; the broker " + (status.sessionPresent() ? "resumed the session" : "began a new session")
                    + ".");
            if (metrics.roundTripNanos() > 0) {
                words.add("It answers within " + Text.roundTrip(metrics.roundTripNanos()) + ".");
            }
            int remark = reason.indexOf("; ") + 2;
            if (remark > 1 && remark < reason.length()) {
                words.add(Character.toUpperCase(reason.charAt(remark)) + reason.substring(remark + 1) + ".");
            }
            return;
        }
        words.add(status.client() + " has not been connected for " + lasts + ", since " + Text.time(stretch.since())
                + ".");
        switch (status.state()) {
            case WAITING -> words.add((broker.isEmpty() ? "" : "The last attempt was to " + broker + ". ") + "Reason: "
                    + reason + code(status)
                    + (status.nextAttempt().isZero()
                            ? ". The next attempt begins when that changes, or after mqtt:reconnect."
                            : ". Attempt " + (status.attempt() + 1) + " begins in " + planned
                                    + "; mqtt:reconnect tries at once."));
            case RESOLVING, CONNECTING, HANDSHAKE -> words.add("It is connecting to " + broker + " (attempt "
                    + Math.max(1, status.attempt()) + "): " + switch (status.state()) {
                        case RESOLVING -> "the broker's name is being resolved";
                        case CONNECTING -> "the network connection is being made";
                        default -> "CONNECT is sent, the broker has not answered yet";
                    } + "." + before(log) + " If this attempt fails, the next one follows after the back-off.");
            case PAUSED -> words.add("It is paused: " + reason + ". It "
                    + (status.nextAttempt().isZero() ? "stays paused until mqtt:connect"
                            : "connects by itself in " + planned)
                    + ".");
            case FAILED -> words.add("It cannot work: " + reason
                    + ". It goes on by itself when the cause is gone.");
            default -> words.add("It is offline: " + reason + ".");
        }
    }

    /** Why it was not connected before the attempt that is under way. */
    private static String before(List<EventLog.Entry> log) {
        for (int i = log.size() - 1; i >= 0 && !log.get(i).kind().equals("CONNECTED"); i--) {
            if (log.get(i).kind().equals("DISCONNECTED")) {
                return " Before: " + Text.printable(log.get(i).text(), MOST) + ".";
            }
        }
        return "";
    }

    /** What is known of one broker of the list, in words: when it worked, when and how it failed. */
    public static String broker(BrokerStatus broker) {
        return Text.printable(broker.broker(), MOST) + " "
                + (broker.lastConnected().equals(Instant.EPOCH) ? "has not accepted a connection"
                        : "last accepted at " + Text.time(broker.lastConnected()))
                + (broker.failure().isEmpty() ? "" : ", last failed at " + Text.time(broker.lastFailure()) + " ("
                        + Text.printable(broker.failure(), MOST) + ")");
    }

    private static String code(ClientStatus status) {
        return status.reasonCode() == 0 ? "" : String.format(Locale.ROOT, " (reason code 0x%02X)", status.reasonCode());
    }

    private static void backlog(StringJoiner words, ClientStatus status, ClientMetrics metrics, double growth) {
        if (metrics.pending() == 0) {
            words.add("No message is pending.");
            return;
        }
        String text = Text.count(metrics.pending(), "message") + (metrics.pending() == 1 ? " is" : " are")
                + " pending ("
                + Text.bytes(metrics.pendingBytes()) + "), the oldest for "
                + Text.duration(Duration.ofMillis(metrics.oldestMillis()));
        if (!Double.isNaN(growth)) {
            text += "; the backlog " + (Math.abs(growth) < STILL ? "neither grows nor shrinks"
                    : growth > 0 ? String.format(Locale.ROOT, "grows by %.1f messages per second", growth)
                            : String.format(Locale.ROOT,
                                    "shrinks by %.1f messages per second and will be empty in about %s", -growth,
                                    Text.duration(Duration.ofSeconds((long) Math.ceil(metrics.pending() / -growth)))));
        }
        words.add(text + ".");
        if (status.state() != ConnectionState.ONLINE) {
            words.add("They are sent when the client is connected.");
        }
    }

    private static void store(StringJoiner words, ClientStatus status) {
        if (status.store() != StoreHealth.OK) {
            words.add("The store of " + status.client() + " is " + switch (status.store()) {
                case OPENING -> "not open yet: QoS 1 and 2 are rejected until it is";
                case DEGRADED -> "degraded: messages are still accepted";
                case FULL -> "full: messages are rejected, stored messages are delivered";
                default -> "failed: QoS 1 and 2 are rejected";
            } + (status.storeReason().isEmpty() ? "" : " (" + Text.printable(status.storeReason(), MOST) + ")") + ".");
        }
    }

    private static void losses(StringJoiner words, ClientMetrics metrics) {
        StringJoiner lost = new StringJoiner(", ");
        add(lost, metrics.dropped(), "dropped by a bound");
        add(lost, metrics.expired(), "expired");
        add(lost, metrics.cancelled(), "cancelled");
        add(lost, metrics.refused(), "refused by the broker");
        add(lost, metrics.deadLettered(), "dead-lettered");
        add(lost, metrics.closed(), "lost with the stop of the client");
        if (lost.length() > 0) {
            words.add("Not delivered so far: " + lost + ".");
        }
        if (metrics.rejected() > 0) {
            words.add("Rejected: " + Text.count(metrics.rejected(), "message") + ".");
        }
        if (metrics.eventsDropped() > 0) {
            words.add("Events dropped, because a handler of events blocked: " + metrics.eventsDropped() + ".");
        }
    }

    private static void add(StringJoiner words, long count, String what) {
        if (count > 0) {
            words.add(Text.count(count, "message") + " " + what);
        }
    }
}
