package mqtt.resilient.console.model;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.StoreHealth;

/** Says in words how it is with a client, for somebody who has just been woken up. */
public final class Explanation {
    private static final int MOST = 400;
    /** Messages per second that are no tendency. */
    private static final double STILL = 0.1;

    private Explanation() {
    }

    /**
     * Explains a client: what state, why, what happens next and when, the backlog, the store, the configuration.
     *
     * @param status its state
     * @param metrics its figures
     * @param rates how fast things go; null = not known
     * @param now the time
     * @param log what happened to it lately, the latest last
     * @return one paragraph, harmless for a terminal
     */
    public static String of(ClientStatus status, ClientMetrics metrics, Rates rates, Instant now, List<EventLog.Entry> log) {
        StringJoiner words = new StringJoiner(" ");
        connection(words, status, metrics, Text.duration(positive(Duration.between(status.since(), now))), log);
        if (!status.configurationError().isEmpty() && status.state() != ConnectionState.FAILED) {
            words.add("The configuration given last is refused, and the one before stays in force: "
                    + Text.printable(status.configurationError(), MOST) + ".");
        }
        backlog(words, status, metrics, rates);
        store(words, status);
        losses(words, metrics);
        return words.toString();
    }

    private static void connection(StringJoiner words, ClientStatus status, ClientMetrics metrics, String since,
            List<EventLog.Entry> log) {
        String name = status.client();
        String reason = Text.printable(status.reason(), MOST);
        String broker = Text.printable(status.broker(), MOST);
        String planned = Text.duration(status.nextAttempt());
        switch (status.state()) {
            case ONLINE -> {
                words.add(name + " is connected to " + broker + " with MQTT " + status.protocol() + " for " + since
                        + "; the broker " + (status.sessionPresent() ? "resumed the session" : "began a new session") + ".");
                if (metrics.roundTripNanos() > 0) {
                    words.add("It answers within " + Text.roundTrip(metrics.roundTripNanos()) + ".");
                }
            }
            case WAITING -> {
                words.add(name + " is not connected; in this state for " + since + (broker.isEmpty() ? "" : ", tried last was " + broker)
                        + ". Why: " + reason + code(status) + ".");
                words.add(status.nextAttempt().isZero() ? "It tries again as soon as that changes, or after reconnect."
                        : "Attempt " + (status.attempt() + 1) + " begins in " + planned + "; reconnect tries at once.");
            }
            case RESOLVING, CONNECTING, HANDSHAKE -> words.add(name + " is just connecting to " + broker + " (attempt "
                    + Math.max(1, status.attempt()) + "): " + switch (status.state()) {
                        case RESOLVING -> "the broker's name is being resolved";
                        case CONNECTING -> "the network connection is being made";
                        default -> "CONNECT is sent, and the broker has not answered yet";
                    } + "." + before(log) + " If this fails, it goes on trying by itself.");
            case PAUSED -> words.add(name + " is paused for " + since + ": " + reason + ". It "
                    + (status.nextAttempt().isZero() ? "stays offline until connect" : "connects by itself in " + planned) + ".");
            case FAILED -> words.add(name + " cannot work for " + since + ": " + reason
                    + ". It goes on when the configuration, or what it needs, is there; waiting does not help.");
            case OFFLINE -> words.add(name + " is offline: " + reason + ".");
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

    private static String code(ClientStatus status) {
        return status.reasonCode() == 0 ? "" : String.format(Locale.ROOT, " (reason code 0x%02X)", status.reasonCode());
    }

    private static void backlog(StringJoiner words, ClientStatus status, ClientMetrics metrics, Rates rates) {
        if (metrics.pending() == 0) {
            words.add("Nothing waits to be sent.");
            return;
        }
        String text = Text.count(metrics.pending(), "message") + (metrics.pending() == 1 ? " is" : " are") + " pending ("
                + Text.bytes(metrics.pendingBytes()) + "), the oldest for " + Text.duration(Duration.ofMillis(metrics.oldestMillis()));
        if (rates != null) {
            text += "; the backlog " + (Math.abs(rates.backlog()) < STILL ? "neither grows nor shrinks"
                    : rates.backlog() > 0 ? String.format(Locale.ROOT, "grows by %.1f messages per second", rates.backlog())
                    : String.format(Locale.ROOT, "shrinks by %.1f messages per second and is gone in about %s", -rates.backlog(),
                            Text.duration(Duration.ofSeconds((long) Math.ceil(metrics.pending() / -rates.backlog())))));
        }
        words.add(text + ".");
        if (status.state() != ConnectionState.ONLINE) {
            words.add("They go out when the client is connected.");
        }
    }

    private static void store(StringJoiner words, ClientStatus status) {
        if (status.store() != StoreHealth.OK) {
            words.add("The store is " + switch (status.store()) {
                case OPENING -> "being opened, and takes nothing yet";
                case DEGRADED -> "in trouble, and takes messages";
                case FULL -> "full: new messages are refused, what is stored is delivered";
                default -> "not usable: new messages are refused";
            } + (status.storeReason().isEmpty() ? "" : " (" + Text.printable(status.storeReason(), MOST) + ")") + ".");
        } else {
            words.add("The store is well.");
        }
    }

    private static void losses(StringJoiner words, ClientMetrics metrics) {
        StringJoiner lost = new StringJoiner(", ");
        add(lost, metrics.dropped(), "dropped by a bound");
        add(lost, metrics.expired(), "expired");
        add(lost, metrics.cancelled(), "cancelled");
        add(lost, metrics.refused(), "refused by the broker");
        add(lost, metrics.setAside(), "set aside");
        if (lost.length() > 0) {
            words.add("Not delivered so far: " + lost + ".");
        }
        if (metrics.rejected() > 0) {
            words.add("Refused at admission: " + Text.count(metrics.rejected(), "message") + ".");
        }
    }

    private static void add(StringJoiner words, long count, String what) {
        if (count > 0) {
            words.add(Text.count(count, "message") + " " + what);
        }
    }

    private static Duration positive(Duration duration) {
        return duration.isNegative() ? Duration.ZERO : duration;
    }
}
