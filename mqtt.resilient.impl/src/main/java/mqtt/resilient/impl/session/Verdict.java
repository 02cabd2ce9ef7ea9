package mqtt.resilient.impl.session;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Finds what makes a broker close the connection: a message, or the SUBSCRIBE or UNSUBSCRIBE of a filter. A broker of
 * 3.1.1 has no other answer to what it does not allow, and it does not say what that was.
 *
 * <p>When the broker has closed a number of connections in a row with the same first message or filter unanswered,
 * everything that was unanswered is a <em>suspect</em>, and a <em>trial</em> begins: until no suspect is left, only one
 * message or filter is unanswered at a time. A suspect that is answered is none any more. One that was alone when the
 * broker closed the connection is <em>accused</em>: it is left out until another one was answered, then tried again.
 * Who was alone at the end of {@value #GUILTY} connections, with answers to others in between, is guilty. Where nothing
 * is answered nobody is: all is kept, and {@link #impasse} says so. Only the answer to a message clears the way for a
 * verdict on a message: a broker may refuse every PUBLISH and grant every filter. On the io thread.
 */
final class Verdict {
    private static final int GUILTY = 3;

    /** What is known of one suspect. */
    private static final class Suspect {
        /** How often it was alone when the broker closed the connection, with answers to others in between. */
        private int strikes;
        /** How many answers there were when it was tried last. */
        private long answersBefore;
        private long triedAt;
    }

    private final SendWindow.Wire wire;
    private int attempts;
    private boolean judges = true;

    // ---- before a trial
    private Object firstMessage;
    private Object firstFilter;
    /** Connections in a row that the broker closed with one of these unanswered. */
    private int strikes;

    // ---- the trial
    /** Messages and filters by themselves, in the order in which they became suspects; empty = there is no trial. */
    private final Map<Object, Suspect> suspects = new LinkedHashMap<>();
    /** The only one that may be unanswered on this connection; null = none is. */
    private Object onTrial;
    private long answers;
    private long messageAnswers;
    private long tries;
    /** How many were alone when the broker closed the connection, since anything like the latest was answered. */
    private int failures;
    private boolean failedOnMessage;
    /** Whether one was alone at the end of the latest connection. */
    private boolean struck;

    Verdict(SendWindow.Wire wire) {
        this.wire = wire;
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
            onTrial = null;
            strikes = 0;
            failures = 0;
        }
        return ends;
    }

    /** Whether the end of the connection that begins says anything: not before every other broker was tried. */
    void judges(boolean newJudges) {
        judges = newJudges;
    }

    // ---- what may be sent -----------------------------------------------------------------------------------------

    boolean isTrial() {
        return !suspects.isEmpty();
    }

    /** Whether a message or filter may be sent now. */
    boolean admits(Object item) {
        return suspects.isEmpty() || item == onTrial || isFree() && !isAccused(item);
    }

    /** Whether a trial passes over it: what comes behind it need not wait. */
    boolean leavesOut(Object item) {
        return !suspects.isEmpty() && item != onTrial && isAccused(item);
    }

    private boolean isFree() {
        return onTrial == null && wire.count() == 0;
    }

    private boolean isAccused(Object item) {
        Suspect suspect = suspects.get(item);
        return suspect != null && suspect.strikes > 0;
    }

    /** It is being sent: during a trial nothing else is. */
    void begins(Object item) {
        onTrial = suspects.isEmpty() ? null : item;
    }

    /** A connection begins, on which nothing was sent. */
    void connected() {
        onTrial = null;
    }

    /** One that was accused and is to be tried again, because others were answered since; null = none. */
    Object accusedToTry() {
        if (!isTrial() || !isFree()) {
            return null;
        }
        for (Map.Entry<Object, Suspect> each : suspects.entrySet()) {
            if (each.getValue().strikes > 0 && answers(each.getKey()) > each.getValue().answersBefore) {
                return each.getKey();
            }
        }
        return null;
    }

    /**
     * A message to try because there is nothing else: of those that are accused, who has waited longest; null = none. A
     * filter waits for an answer to anything, and if it is to a ping.
     */
    Object lastToTry() {
        if (!isTrial() || !isFree()) {
            return null;
        }
        Map.Entry<Object, Suspect> longest = null;
        for (Map.Entry<Object, Suspect> each : suspects.entrySet()) {
            if (each.getValue().strikes == 0) {
                return null; // it comes first, and waits for something
            }
            if (each.getKey() instanceof Outgoing
                    && (longest == null || each.getValue().triedAt < longest.getValue().triedAt)) {
                longest = each;
            }
        }
        return longest == null ? null : longest.getKey();
    }

    // ---- what comes of it -----------------------------------------------------------------------------------------

    private long answers(Object item) {
        return item instanceof Outgoing ? messageAnswers : answers;
    }

    /** The broker has answered it to the end, whatever it said. */
    void answered(Object item) {
        boolean message = item instanceof Outgoing;
        answers++;
        messageAnswers += message ? 1 : 0;
        failures = message || !failedOnMessage ? 0 : failures;
        gone(item);
    }

    /** The broker has answered a ping: without those that are left out it keeps the connection. */
    void pingAnswered() {
        if (isTrial() && isFree()) {
            answers++;
            failures = failedOnMessage ? failures : 0;
        }
    }

    /** It is not there any more. */
    void gone(Object item) {
        if (!suspects.isEmpty()) {
            suspects.remove(item);
        }
        onTrial = onTrial == item ? null : onTrial;
    }

    /** It was guilty before, and is tried alone once more. */
    void accuse(Object item) {
        Suspect suspect = new Suspect();
        suspect.strikes = GUILTY - 1;
        suspect.answersBefore = -1;
        suspects.put(item, suspect);
    }

    /**
     * A connection has ended.
     *
     * @param byBroker if the broker ended it, or did not answer in time, and not because of a birth message
     * @param alone whether only one packet was unanswered
     * @param message the first message that was unanswered; null = none
     * @param filter the first filter that was unanswered; null = none
     * @return who is guilty; null = nobody
     */
    Object connectionEnded(boolean byBroker, boolean alone, Outgoing message, Object filter) {
        Object tried = onTrial;
        onTrial = null;
        struck = false;
        if (!byBroker || !judges || attempts == 0) {
            return null; // a dead network, or one bad broker of several, says nothing about what was unanswered
        }
        if (isTrial()) {
            return tried != null && alone && (tried == message || tried == filter) ? strike(tried) : null;
        }
        if (message != null || filter != null) {
            boolean same = message != null && message == firstMessage || filter != null && filter == firstFilter;
            strikes = same ? strikes + 1 : 1;
            firstMessage = message;
            firstFilter = filter;
        }
        return null;
    }

    private Object strike(Object item) {
        Suspect suspect = suspects.computeIfAbsent(item, key -> new Suspect());
        boolean othersPass = suspect.strikes == 0 || answers(item) > suspect.answersBefore;
        suspect.strikes += othersPass ? 1 : 0;
        suspect.answersBefore = answers(item);
        suspect.triedAt = ++tries;
        struck = true;
        failedOnMessage = item instanceof Outgoing;
        failures++;
        if (suspect.strikes < GUILTY) {
            return null;
        }
        suspects.remove(item);
        return item;
    }

    /** Whether the broker closed the latest connection because of something that was alone. */
    boolean hasStruck() {
        return struck;
    }

    /** Whether everything that was unanswered is to become a suspect, by {@link #suspect}. */
    boolean isTrialDue() {
        return !isTrial() && attempts > 0 && strikes >= attempts;
    }

    void suspect(Object item) {
        strikes = 0; // the next trial has to be earned anew
        suspects.put(item, new Suspect());
    }

    private boolean isImpasse() {
        return attempts > 0 && struck && failures >= Math.max(attempts, GUILTY);
    }

    /** What the broker answers to nothing, in words; empty = there is something that it answers. */
    String impasse() {
        return isImpasse() ? "the broker ends every connection at the first "
                + (failedOnMessage ? "PUBLISH" : "SUBSCRIBE") + ": quota or rights?" : "";
    }
}
