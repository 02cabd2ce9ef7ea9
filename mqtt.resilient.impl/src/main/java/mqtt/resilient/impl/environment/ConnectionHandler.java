package mqtt.resilient.impl.environment;

import java.nio.ByteBuffer;

/** What happens on a connection; called on the loop. */
public interface ConnectionHandler {
    /** The connection is made. */
    void connected();

    /** Bytes arrived; the handler takes all of them. */
    void received(ByteBuffer bytes);

    /** There is room: write what there is to write. Called again after a write while something was written. */
    void fill(Output out);

    /** All that was filled so far is written; some of it just now. */
    void flushed();

    /** The connection could not be made or has ended. The last call. */
    void closed(Closing closing);

    /** Room for packets. */
    interface Output {
        /**
         * A buffer with room for so many bytes, or null if the connection must first write what was filled before.
         * Big-endian; fill it with that many bytes or fewer.
         */
        ByteBuffer reserve(int bytes);
    }

    /**
     * Why a connection ended.
     *
     * @param byPeer whether the peer ended an established connection
     * @param reason in words
     * @param halfDone whether it ended because the handler ran short of heap, so that what it did may be half done
     */
    record Closing(boolean byPeer, String reason, boolean halfDone) {
        /** An end with nothing half done. */
        public Closing(boolean byPeer, String reason) {
            this(byPeer, reason, false);
        }
    }
}
