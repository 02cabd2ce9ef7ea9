package mqtt.resilient.impl.session;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.environment.Scheduler;

/**
 * Finds what makes a broker close the connection: a message, or the SUBSCRIBE or UNSUBSCRIBE of a filter. A broker of
 * 3.1.1 has no other answer to what it does not allow, and it does not say what that was.
 *
 * <p>When the broker has closed a number of connections in a row with the same first message or filter unanswered,
 * everything that was unanswered is a <em>suspect</em>, and a <em>trial</em> begins: only one suspect is unanswered at
 * a time. One that is answered is none any more. One that was alone when the broker closed the connection is
 * <em>accused</em>: it is left out, everything else goes on, and it is tried again later, also where there is nothing
 * else to send.
 *
 * <p>A broker may also close connections for what is sent too often, or for a quota that is used up, whatever the
 * message is. So a try of an accused message is a <em>strike</em> only if it had the best place: first on its
 * connection, after a pause that doubles with each strike; and if on the next connection another message, which comes
 * sooner, is answered. After {@value #STRIKES} strikes it is <em>guilty</em>. If an accused one is answered, the broker
 * closes connections for something else: the trial begins anew without any strikes, and twice as many are needed.
 * Where nothing is answered there is no verdict: all is kept, tried more and more rarely, and {@link #impasse} says so.
 * On the io thread.
 */
final class Verdict {
    private static final int STRIKES = 3;
    private static final int MAX_STRIKES = 12;
    private static final long SECOND = 1_000_000_000L;
    /** Where nothing is answered. */
    private static final long SLOW_NANOS = 30 * SECOND;
    private static final long SLOWEST_NANOS = 600 * SECOND;
    /** For one that is accused, while there is. */
    private static final long LONGEST_WAIT_NANOS = 60 * SECOND;
    private static final int MAX_DOUBLINGS = 12;
    /** Topics of guilty messages that are remembered. */
    private static final int MAX_TOPICS = 16;

    private static final String AT_PUBLISH = "the broker ends every connection at the first PUBLISH: quota or rights?";
    private static final String AT_SUBSCRIBE = "the broker ends every connection at the first SUBSCRIBE: "
            + "quota or rights?";

    /** Connections in a row that the broker closed with one of these unanswered. */
    private static final class Repetition {
        private Object message;
        private Object filter;
        private int connections;

        private void add(Object newMessage, Object newFilter) {
            boolean same = newMessage != null && newMessage == message || newFilter != null && newFilter == filter;
            connections = same ? connections + 1 : 1;
            message = newMessage;
            filter = newFilter;
        }
    }

    /** What was sent on the present connection during the trial. */
    private static final class Sent {
        private long beganAt;
        private boolean anything;
        private long latestAt;
        /** The only one that may be unanswered; null = there is none. */
        private Object alone;
        /** Whether it has the best place. */
        private boolean best;
        /** Whether the broker closed the connection, and it was alone. */
        private boolean failed;
    }

    private final SendWindow.Wire wire;
    private final Scheduler scheduler;
    private int attempts;
    private boolean judges = true;
    private final Repetition repetition = new Repetition();

    // ---- the trial
    /** Messages and filters by themselves, in the order in which they became suspects; empty = there is no trial. */
    private final Map<Object, Suspect> suspects = new LinkedHashMap<>();
    /** How many of them are not accused. */
    private int untried;
    private final Sent sent = new Sent();
    /** The accused one whose turn it is; everything else waits for it. */
    private Object turn;
    /** The accused one that comes first on the next connection. */
    private Object first;
    /** Who gets a strike if another one is answered now. */
    private Object struck;
    private Object guilty;
    /** How many strikes make guilty: more, since the broker closed connections for something else than the accused. */
    private int needed = STRIKES;
    /** Whether some are not left out any more, since this was asked for. */
    private boolean freed;
    /** How many were alone when the broker closed the connection, since anything was answered. */
    private int failures;
    private boolean failedOnMessage;
    private final Set<String> guiltyTopics = new LinkedHashSet<>();

    Verdict(SendWindow.Wire wire, Scheduler scheduler) {
        this.wire = wire;
        this.scheduler = scheduler;
    }

    /**
     * Takes new settings.
     *
     * @param newAttempts the connections in a row before a trial begins; 0 = there is none
     * @return whether a trial ends with that
     */
    boolean configure(int newAttempts) {
        attempts = newAttempts;
        boolean ends = attempts == 0 && isTrial();
        if (attempts == 0) {
            suspects.clear();
            untried = 0;
            forgetTries();
            sent.alone = null;
            repetition.connections = 0;
            failures = 0;
        }
        return ends;
    }

    /** Whether the end of the connection that begins may begin a trial: not before every other broker was tried. */
    void judges(boolean newJudges) {
        judges = newJudges;
    }

    // ---- what may be sent -----------------------------------------------------------------------------------------

    boolean isTrial() {
        return !suspects.isEmpty();
    }

    /** Whether only one message or filter may be unanswered at a time. */
    boolean isOneAtATime() {
        return untried > 0;
    }

    /** Whether something is being tried, and whatever else is sent might be to blame for what comes of it. */
    boolean isTrying() {
        return sent.alone != null || untried > 0 && !isImpasse();
    }

    /** Whether a message or filter may be sent now. */
    boolean admits(Object item) {
        if (suspects.isEmpty() || item == sent.alone) {
            return true;
        }
        if (sent.alone != null || isAccused(item)) {
            return false;
        }
        if (isBesides(item)) {
            return true;
        }
        if (turn != null || untried > 0) {
            return wire.count() == 0 && (isAlarm(item) || turn == null && !isSlow(item));
        }
        return true;
    }

    /** A filter that nobody suspects: what comes in does not wait while a message has its pause. */
    private boolean isBesides(Object item) {
        return untried == 0 && !(item instanceof Outgoing) && !(turn instanceof FilterState);
    }

    private static boolean isAlarm(Object item) {
        return item instanceof Outgoing message && message.lane() == Message.LANE_ALARM;
    }

    /** Whether a trial passes over it: what comes behind it need not wait. */
    boolean leavesOut(Object item) {
        return !suspects.isEmpty() && item != sent.alone && isAccused(item);
    }

    boolean isAccused(Object item) {
        Suspect suspect = suspects.get(item);
        return suspect != null && suspect.accused;
    }

    /** Suspects that are not on their way: they hold no slots of the send window. */
    SendWindow.Aside aside() {
        SendWindow.Aside aside = SendWindow.Aside.NOTHING;
        if (suspects.isEmpty()) {
            return aside;
        }
        for (Map.Entry<Object, Suspect> each : suspects.entrySet()) {
            if (each.getKey() instanceof Outgoing message && message != sent.alone) {
                aside = aside.with(message);
            }
        }
        return aside;
    }

    /** It is being sent. */
    void begins(Object item) {
        if (suspects.isEmpty() || item == sent.alone) {
            return;
        }
        Suspect suspect = suspects.get(item);
        if (suspect == null && isBesides(item)) {
            return;
        }
        long now = scheduler.nanoTime();
        boolean paused = now - sent.latestAt >= (suspect == null ? Suspect.PAUSE_NANOS : suspect.pauseNanos());
        sent.best = !(item instanceof Outgoing) || !sent.anything && paused;
        sent.alone = untried > 0 || suspect != null ? item : null;
        sent.anything = true;
        sent.latestAt = now;
        turn = null;
    }

    /** A connection begins, on which nothing was sent. */
    void connected() {
        sent.beganAt = scheduler.nanoTime();
        sent.alone = null;
        sent.anything = false;
        sent.failed = false;
        turn = null;
    }

    /**
     * The accused one that is to be tried now; null = none.
     *
     * @param othersWait whether there is anything else to send: then a try can lead to a verdict
     */
    Object toTry(boolean othersWait) {
        if (suspects.isEmpty() || sent.alone != null || untried > 0) {
            turn = untried > 0 ? null : turn; // those come first
            return null;
        }
        long now = scheduler.nanoTime();
        turn = turn != null ? turn : next(othersWait, now);
        return turn != null && wire.count() == 0 && now - turnAt() >= 0 ? turn : null;
    }

    /** Whether everything waits for an accused one to be tried. */
    boolean hasTurn() {
        return turn != null;
    }

    private Object next(boolean othersWait, long now) {
        if (first != null && !sent.anything) {
            return first;
        }
        Object next = null;
        for (Map.Entry<Object, Suspect> each : suspects.entrySet()) {
            if (now - dueAt(each.getKey(), each.getValue(), othersWait) >= 0
                    && (next == null || each.getValue().comesBefore(suspects.get(next)))) {
                next = each.getKey();
            }
        }
        return next;
    }

    /** When the one whose turn it is may be sent: first on its connection only after its pause. */
    private long turnAt() {
        return sent.anything || !(turn instanceof Outgoing) ? sent.latestAt
                : sent.latestAt + suspects.get(turn).pauseNanos();
    }

    /** When an accused one is tried again: a message that nobody waits behind ever more rarely. */
    private long dueAt(Object item, Suspect suspect, boolean othersWait) {
        boolean decides = othersWait || !(item instanceof Outgoing);
        long rest = suspect.failedAt
                + (decides ? Math.min(suspect.restNanos(), LONGEST_WAIT_NANOS) : suspect.restNanos());
        long others = sent.beganAt + Suspect.PAUSE_NANOS; // they have had their time
        long slow = slowUntil(item);
        return later(later(rest, others), slow);
    }

    private static long later(long one, long other) {
        return one - other < 0 ? other : one;
    }

    private boolean isSlow(Object item) {
        return scheduler.nanoTime() - slowUntil(item) < 0;
    }

    /** Until when messages, or filters, wait because none of them is answered. */
    private long slowUntil(Object item) {
        return sent.latestAt + (isImpasse() && item instanceof Outgoing == failedOnMessage
                ? Math.min(SLOWEST_NANOS, SLOW_NANOS << Math.min(failures - least(), MAX_DOUBLINGS))
                : 0);
    }

    /** When to look whether anything is to be tried; {@link Scheduler#NEVER} = not before something is answered. */
    long resumesAt(boolean othersWait) {
        if (suspects.isEmpty() || sent.alone != null) {
            return Scheduler.NEVER;
        }
        long soon = scheduler.nanoTime() + SECOND;
        if (turn != null) {
            return later(turnAt(), soon);
        }
        long earliest = Scheduler.NEVER;
        for (Map.Entry<Object, Suspect> each : suspects.entrySet()) {
            long due = untried > 0 ? slowUntil(each.getKey()) : dueAt(each.getKey(), each.getValue(), othersWait);
            earliest = earliest == Scheduler.NEVER || due - earliest < 0 ? due : earliest;
        }
        return later(earliest, soon);
    }

    // ---- what comes of it -----------------------------------------------------------------------------------------

    /** The broker has answered it to the end, whatever it said. */
    void answered(Object item) {
        boolean message = item instanceof Outgoing;
        failures = message || !failedOnMessage ? 0 : failures;
        if (suspects.isEmpty()) {
            return;
        }
        Suspect suspect = suspects.get(item);
        if (suspect != null && suspect.presumed) {
            presumeNone(((Outgoing) item).message().topic());
        } else if (suspect != null && suspect.accused) {
            beginAnew();
        } else if (struck != item && (message || !(struck instanceof Outgoing))) {
            confirm();
        }
        gone(item);
    }

    /** A message in flight was written with QoS 0: the broker takes no other, and none of them waits for an answer. */
    void needsNoAnswer() {
        failures = failedOnMessage ? 0 : failures;
    }

    /** The broker has answered a ping: without those that are left out it keeps the connection. */
    void pingAnswered() {
        if (isTrial() && sent.alone == null && wire.count() == 0) {
            failures = failedOnMessage ? failures : 0;
            if (!(struck instanceof Outgoing)) {
                confirm();
            }
        }
    }

    /** Another one was answered on the connection after the one that the broker closed. */
    private void confirm() {
        if (struck == null) {
            return;
        }
        Suspect suspect = suspects.get(struck);
        boolean soon = suspect != null && (!(struck instanceof Outgoing)
                || scheduler.nanoTime() - suspect.failedAt <= 2 * suspect.pauseNanos());
        if (soon && ++suspect.strikes >= (guiltyTopics.contains(topic(struck)) ? 1 : needed)) {
            guilty = struck;
        }
        struck = null;
    }

    /** One that was accused is answered: it was not the message. */
    private void beginAnew() {
        suspects.values().forEach(Suspect::beginAnew); // allocates nothing on the way
        untried = suspects.size();
        needed = Math.min(MAX_STRIKES, 2 * needed);
        freed = true;
        guiltyTopics.clear();
        forgetTries();
    }

    private void forgetTries() {
        turn = null;
        first = null;
        struck = null;
        guilty = null;
    }

    /** It is not there any more. */
    void gone(Object item) {
        Suspect suspect = suspects.isEmpty() ? null : suspects.remove(item);
        if (suspect != null) {
            untried -= suspect.accused ? 0 : 1;
            turn = turn == item ? null : turn;
            first = first == item ? null : first;
            struck = struck == item ? null : struck;
            guilty = guilty == item ? null : guilty;
        }
        sent.alone = sent.alone == item ? null : sent.alone;
    }

    /** It was guilty before, and is tried alone once more. */
    void accuse(Object item) {
        Suspect suspect = new Suspect();
        suspect.accused = true;
        suspect.strikes = needed - 1;
        suspect.failedAt = scheduler.nanoTime() - Suspect.LONGEST_REST_NANOS;
        suspects.put(item, suspect);
    }

    /**
     * A connection has ended.
     *
     * @param byBroker if the broker ended it, or did not answer in time, and not because of a birth message
     * @param alone whether only one packet was unanswered
     * @param message the first message that was unanswered; null = none
     * @param filter the first filter that was unanswered; null = none
     */
    void connectionEnded(boolean byBroker, boolean alone, Outgoing message, Object filter) {
        Object tried = sent.alone;
        sent.alone = null;
        first = null; // it had its turn: whatever came of it, others do not wait for it again
        struck = null;
        if (!byBroker || attempts == 0) {
            return; // a dead network says nothing about what was unanswered
        }
        if (tried != null) {
            if (alone && (tried == message || tried == filter)) {
                failed(tried);
            }
        } else if ((judges || isTrial()) && (message != null || filter != null)) {
            repetition.add(message, filter);
            if (isTrial() || message != null && guiltyTopics.contains(topic(message))) {
                repetition.connections = Math.max(attempts, repetition.connections); // as it was before
            }
        }
    }

    private void failed(Object item) {
        Suspect suspect = suspects.get(item);
        if (suspect == null) {
            suspect = newSuspect(item);
        }
        first = suspect.accused && !sent.best ? item : null;
        untried -= suspect.accused ? 0 : 1;
        suspect.failed(sent.best, scheduler.nanoTime());
        if (sent.best) {
            struck = item;
        }
        sent.failed = true;
        failedOnMessage = item instanceof Outgoing;
        failures++;
        if (item instanceof Outgoing message) {
            suspects.forEach((other, its) -> presume(other, its, message.message().topic()));
        }
    }

    private Suspect newSuspect(Object item) {
        String topic = topic(item);
        Suspect suspect = new Suspect();
        suspects.put(item, suspect);
        untried++;
        presume(item, suspect, topic);
        return suspect;
    }

    /** The topic of a message; empty if it is a filter. */
    private static String topic(Object item) {
        return item instanceof Outgoing message ? message.message().topic() : "";
    }

    /** Where two messages of a topic are accused, all with it are, so that other topics need not wait for each. */
    private void presume(Object item, Suspect suspect, String topic) {
        if (!suspect.accused && !topic.isEmpty() && topic.equals(topic(item)) && suspects.entrySet().stream().filter(
                each -> each.getValue().accused && !each.getValue().presumed && topic.equals(topic(each.getKey())))
                .limit(2).count() == 2) {
            suspect.accused = true;
            suspect.presumed = true;
            suspect.failedAt = scheduler.nanoTime() - Suspect.LONGEST_REST_NANOS; // before those that were tried
            untried--;
        }
    }

    private void presumeNone(String topic) {
        suspects.forEach((item, suspect) -> {
            if (suspect.presumed && topic.equals(topic(item))) {
                suspect.accused = false;
                suspect.presumed = false;
                untried++;
            }
        });
        freed = true;
    }

    /** Whether everything that was unanswered is to become a suspect, by {@link #suspect}. */
    boolean isTrialDue() {
        return attempts > 0 && repetition.connections >= attempts;
    }

    void suspect(Object item) {
        repetition.connections = 0; // the next trial has to be earned anew
        if (suspects.isEmpty()) {
            sent.latestAt = scheduler.nanoTime();
        }
        if (!suspects.containsKey(item)) {
            newSuspect(item);
        }
    }

    /** Whether some are not left out any more; true once. */
    boolean takeFreed() {
        boolean result = freed;
        freed = false;
        return result;
    }

    /** Who is guilty, until {@link #gone}; null = nobody. */
    Object guilty() {
        return guilty;
    }

    /** A guilty message is given up: of others with its topic one strike is enough. */
    void givenUp(Outgoing message) {
        needed = Math.max(STRIKES, needed / 2);
        guiltyTopics.add(message.message().topic());
        if (guiltyTopics.size() > MAX_TOPICS) {
            guiltyTopics.remove(guiltyTopics.iterator().next());
        }
    }

    /** Whether the broker closed the latest connection because of one that was alone. */
    boolean hasFailed() {
        return sent.failed;
    }

    /** Whether that was one that was accused before: such a try is rare, and what comes of it is to be seen soon. */
    boolean isTried() {
        return sent.failed && (first != null || struck != null);
    }

    private int least() {
        return Math.max(attempts, STRIKES);
    }

    private boolean isImpasse() {
        return attempts > 0 && failures >= least();
    }

    /** What the broker answers to nothing, in words; empty = there is something that it answers. */
    String impasse() {
        return !isImpasse() || suspects.isEmpty() ? "" : failedOnMessage ? AT_PUBLISH : AT_SUBSCRIBE;
    }
}
