package mqtt.resilient.impl.store;

import java.io.IOException;
import java.util.List;

/**
 * Writes the session's chain: what the broker's session holds, and which segments there are. On the store's thread
 * only.
 */
final class SessionWriter {
    private static final int SEGMENT_BYTES = 256 * 1024;

    private final Chains chains;
    private final SessionState state;
    private final Inventory inventory;
    private final RecordBuffer record = new RecordBuffer();
    private String boot;
    private String mode;
    /** Whether {@link #restate} is to come before anything else is written. */
    private boolean restateDue;

    SessionWriter(Chains chains, SessionState state, Inventory inventory) {
        this.chains = chains;
        this.state = state;
        this.inventory = inventory;
    }

    void configure(String newMode) {
        restateDue |= chains.store != null && !newMode.equals(mode);
        mode = newMode;
    }

    /** The journal is being opened in one run of the machine, which the id tells from others. */
    void opening(String bootId) {
        boot = bootId;
    }

    void restateLater() {
        restateDue = true;
    }

    boolean isRestateDue() {
        return restateDue;
    }

    /** Begins the chain again with all that is known, in one record: it is there as a whole or not at all. */
    void restate() throws IOException {
        for (Chain each : chains.all) {
            each.finishRemovals();
            each.force(); // what the record says is true of all of them
        }
        Chain chain = chains.session();
        List<Segment> before = List.copyOf(chain.segments);
        chain.close();
        chains.sessionWithTail();
        state.writeAll(record.begin(Records.OPENED).text(mode).text(boot));
        inventory.writeAll(record);
        chain.append(record);
        chain.force();
        chain.savepoint();
        restateDue = false;
        for (Segment old : before) {
            chain.remove(old);
        }
    }

    private void append(RecordBuffer note) throws IOException {
        if (chains.session().isTailBeyond(SEGMENT_BYTES)) {
            restate(); // with this note's effect in it
        } else {
            chains.sessionWithTail().append(note);
        }
    }

    // ---- the session ----------------------------------------------------------------------------------------------

    void begin(String key) throws IOException {
        state.begin(key);
        append(record.begin(Records.SESSION).text(key));
    }

    void received(int packetId, long digest) throws IOException {
        state.received.put(packetId, digest);
        append(record.begin(Records.RECEIVED).number(packetId).fixed(digest));
    }

    void completed(int packetId) throws IOException {
        state.received.remove(packetId);
        append(record.begin(Records.COMPLETED).number(packetId));
    }

    void subscribed(String filter, int options) throws IOException {
        state.subscriptions.put(filter, options);
        append(record.begin(Records.SUBSCRIBED).text(filter).number(options));
    }

    void unsubscribed(String filter) throws IOException {
        state.subscriptions.remove(filter);
        append(record.begin(Records.UNSUBSCRIBED).text(filter));
    }

    // ---- the segments ---------------------------------------------------------------------------------------------

    /** Lists the segments that were begun; called when their records are written. */
    void listBegun() throws IOException {
        for (Chain each : chains.all) {
            each.finishRemovals();
        }
        for (Segment begun = inventory.nextToList(); begun != null; begun = inventory.nextToList()) {
            append(inventory.writeBegun(record, begun));
        }
    }

    /** Records, durably, that the oldest segments of a chain go, up to one; else recovery would miss them. */
    void recordGone(Chain chain, Segment last) throws IOException {
        Chain session = chains.session();
        int before = inventory.markGone(chain, last.number);
        session.savepoint();
        try {
            if (restateDue) {
                restate();
            } else {
                append(record.begin(Records.GONE).number(chain.number).number(last.number));
                session.force();
            }
        } catch (Throwable e) {
            inventory.restoreGone(chain, before);
            inventory.rollback();
            session.abandonTail();
            session.rollback();
            throw e;
        }
        inventory.commit();
    }

    /** Records, durably, that everything was written, and where the chains end. */
    void recordClosed() throws IOException {
        Chain chain = chains.sessionWithTail();
        record.begin(Records.CLOSED);
        for (Chain each : chains.all) {
            Segment last = each.last();
            record.number(last == null ? 0 : last.number).number(last == null ? 0 : last.forced);
        }
        for (Chain each : chains.all) {
            record.number(each.nextIndex);
        }
        chain.append(record);
        chain.force();
    }
}
