package mqtt.resilient.impl.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.ReceivedMessage;

/** The books: every message in either direction, and what must be true of it at any time and at the end. */
final class Ledger {
    /** So many messages of MQTT 5 have the same topic, so that it is worth an alias. */
    private static final int GROUP = 5;

    private final List<Sent> sent = new ArrayList<>();
    private final List<Out> outs = new ArrayList<>();
    /** The highest number that arrived for the first time, by client, kind and lane. */
    private final Map<Integer, Long> highest = new HashMap<>();
    /** The latest messages of MQTT 5 that share a topic, by what they have in common. */
    private final Map<Integer, List<Sent>> alike = new HashMap<>();
    /** The same by the first of them. */
    private final Map<Long, List<Sent>> groups = new HashMap<>();
    private Violation violation;
    private int deaths;
    private int sessionsLost;

    /** Notes that a promise is broken; the first one counts. */
    Violation violated(String invariant, String what) {
        Violation now = new Violation(invariant, what);
        violation = violation == null ? now : violation;
        return violation;
    }

    /** Throws what was found where nobody could throw. */
    void check() {
        if (violation != null) {
            throw violation;
        }
    }

    /** A process of a gateway is gone. */
    void died() {
        deaths++;
    }

    /** The broker has lost sessions, or a client has another one. */
    void sessionLost() {
        sessionsLost++;
    }

    // ---- from clients to the broker -------------------------------------------------------------------------------

    Sent newSent(int client, int lane, int qos, boolean expires, int life, long now,
            boolean five) {
        int kind = client * 100 + lane * 10 + qos * 2 + (expires ? 1 : 0);
        List<Sent> group = five ? alike.get(kind) : null;
        if (five && (group == null || group.size() == GROUP)) {
            group = new ArrayList<>(GROUP);
            alike.put(kind, group);
            groups.put((long) sent.size(), group);
        }
        Sent made = new Sent(sent.size(), client, lane, qos, expires, life, now,
                group == null || group.isEmpty() ? sent.size() : group.get(0).number, five);
        sent.add(made);
        if (five) {
            group.add(made);
        }
        return made;
    }

    Sent sent(long number) {
        if (number < 0 || number >= sent.size()) {
            throw violated("intact", "message " + number + " was never published");
        }
        return sent.get((int) number);
    }

    List<Sent> sent() {
        return sent;
    }

    /** The message that has a topic, or the first of those that have it and are of the same kind. */
    Sent sent(String topic) {
        return sent(Long.parseLong(topic.split("/")[3]));
    }

    /** All messages that have a topic. */
    List<Sent> sharing(String topic) {
        Sent first = sent(topic);
        return groups.getOrDefault(first.number, List.of(first));
    }

    /** The first message to a client that has a topic. */
    Out out(String topic) {
        return outs.get(Integer.parseInt(topic.split("/")[2]));
    }

    /** The broker takes a message over. */
    void arrived(Sent message, int qos, Object session, boolean duplicate, boolean durable, int life) {
        if (!message.accepted) {
            throw violated("accounting", message + " was rejected and arrives");
        }
        boolean told = message.end == Outcome.Kind.EXPIRED || message.end == Outcome.Kind.CANCELLED
                || message.end == Outcome.Kind.REFUSED || message.end == Outcome.Kind.DROPPED && message.qos > 0;
        if (message.cancelled || told && message.life == life) { // a crash may come before it is on the disk
            throw violated("truth", message + " was told to be " + message.end + " and arrives");
        }
        if (message.qos == 0 && message.arrivals > 0) {
            throw violated("at most once", message + " arrives again");
        }
        if (qos == 2 && message.session == session && message.arrivedExactlyOnce) {
            throw violated("exactly once", message + " arrives again in the same session");
        }
        message.arrivedExactlyOnce = qos == 2;
        message.arrivedQos = qos;
        boolean first = message.arrivals++ == 0;
        // with QoS 0 it was settled when it was written, and a power cut has brought it back
        boolean returns = message.end == Outcome.Kind.DELIVERED && message.life != life;
        boolean ordered = message.lane > 0 || deaths == 0 && !duplicate && sessionsLost == 0
                && (qos > 0 || message.qos == 0); // repeats have no DUP where the broker takes no more than QoS 0
        if (first && !told && !returns && !message.refused && !message.disliked && ordered) {
            int key = message.client * 100
                    + (message.qos == 0 ? 90 : durable ? message.qos * 10 + message.lane : message.lane);
            Long before = highest.put(key, message.number);
            if (before != null && before > message.number) {
                throw violated("order", message + " arrives after " + sent(before));
            }
        }
    }

    /** The application is told how a message ended. */
    void ended(Sent message, Outcome outcome) {
        Outcome.Kind kind = outcome.kind();
        if (message.end != null) {
            violated("accounting", message + " ends as " + message.end + " and as " + kind);
        }
        message.end = kind;
        boolean lowered = outcome.reason().contains("sent with QoS");
        boolean taken = outcome.reason().contains("took it as QoS 1");
        boolean toNothing = lowered && outcome.reason().contains("sent with QoS 0");
        message.excused |= toNothing;
        if (lowered && !message.five) {
            violated("truth", message + " is told to be sent with less: " + outcome.reason());
        }
        if (kind == Outcome.Kind.DELIVERED && message.arrivals > 0 && message.arrivedQos < message.qos && !lowered
                && !taken) {
            violated("truth", message + " arrived with QoS " + message.arrivedQos + ", and nobody was told");
        }
        if (kind == Outcome.Kind.DELIVERED && message.qos > 0 && message.arrivals == 0 && !toNothing) {
            violated("truth", message + " is told to be delivered and has not arrived");
        }
        if (kind == Outcome.Kind.EXPIRED && !message.expires) {
            violated("truth", message + " expired, and nobody said that it may");
        }
    }

    /** The client says that it gives something up; the topic tells what. */
    void givenUp(String topic, String reason) {
        String[] levels = topic.split("/");
        if (levels[0].equals("t")) {
            sharing(topic).forEach(each -> each.excused |= each.arrivals == 0);
        } else if (levels[0].equals("in")) {
            outs.get(Integer.parseInt(levels[2])).first.excused = true;
        } else {
            violated("at least once", "something is given up: " + reason);
        }
    }

    // ---- from the broker to clients -------------------------------------------------------------------------------

    /** A new message; one that looks like another has the same topic and payload. */
    Out newOut(int client, int qos, int length, Out like, boolean five) {
        Out made = new Out(outs.size(), client, qos, length, like, five);
        made.first.hasTwin |= like != null;
        outs.add(made);
        return made;
    }

    /** A listener is done with a message. */
    void handled(ReceivedMessage message) {
        Out out = outs.get((int) Sent.number(message.payload()));
        if (!out.topic().equals(message.topic()) || message.qos().ordinal() != out.qos) {
            violated("intact", out + " arrives as another one: " + message.topic());
        }
        boolean bare = message.properties().length() == 0 && message.expirySeconds() < 0
                && message.subscriptionIdentifiers().isEmpty()
                && !message.retained();
        if (!bare || !out.sentAsThree) {
            checkFive(out, message);
        }
        if (out.tooLarge) {
            violated("bounds", out + " is larger than the client takes");
        }
        out.handled++;
        if (out.pubrecSent && !out.hasTwin && !out.lost) {
            violated("exactly once", out + " is handed over again after its PUBREC");
        }
    }

    /** What MQTT 5 adds to a message, and RETAIN. */
    private void checkFive(Out out, ReceivedMessage message) {
        if (message.retained() != out.retained) {
            violated("intact", out + " arrives with RETAIN " + message.retained());
        }
        if (out.five && !message.properties().equals(out.properties().toApi())
                || !out.five && message.properties().length() > 0) {
            violated("intact", out + " arrives with other properties than " + out.properties());
        }
        if (message.expirySeconds() > out.expirySeconds || message.expirySeconds() < 0 && out.expirySeconds >= 0) {
            violated("intact", out + " arrives with " + message.expirySeconds() + " s left of " + out.expirySeconds);
        }
        if (!message.subscriptionIdentifiers().equals(out.identifier == 0 ? List.of() : List.of(out.identifier))) {
            violated("intact", out + " arrives for the subscriptions " + message.subscriptionIdentifiers());
        }
    }

    /** The client has confirmed a message. */
    void confirmed(Out out) {
        out.confirmed = true;
        out.first.confirmations++;
        if (out.first.handled < out.first.confirmations && !out.first.excused) {
            throw violated("at least once", out + " is acknowledged and its listener has not had it");
        }
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    /** Everything is at rest: nothing is missing. */
    void checkTheEnd(IntUnaryOperator lowestQos) {
        check();
        for (Sent message : sent) {
            if (message.qos > 0 && message.arrivals == 0 && !message.excused && lowestQos.applyAsInt(message.client) > 0
                    && !message.expires
                    && (message.stored || message.end == Outcome.Kind.DELIVERED)
                    && message.end != Outcome.Kind.CANCELLED) {
                throw violated("at least once", message + " was stored and never arrived; it ended as " + message.end);
            }
        }
        for (Out out : outs) {
            if (out.qos > 0 && out.first.handled == 0 && !out.lost && !out.first.excused) {
                throw violated("at least once", out + " was never handed over");
            }
        }
    }
}
