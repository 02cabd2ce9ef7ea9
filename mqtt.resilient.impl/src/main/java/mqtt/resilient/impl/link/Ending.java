package mqtt.resilient.impl.link;

/**
 * Why a link ended.
 *
 * @param cause the kind
 * @param reason in words
 */
record Ending(Cause cause, String reason) {
    enum Cause {
        /** The name could not be resolved. */
        UNRESOLVED,
        /** The network connection could not be made. */
        UNREACHABLE,
        /** The broker refused in its CONNACK, for a reason that will pass. */
        REFUSED,
        /** The broker refused in its CONNACK, for a reason that somebody must remove. */
        REFUSED_FOR_GOOD,
        /** The broker or the network ended the connection. */
        CLOSED,
        /** The broker ended the connection and there was nothing that it could have disliked. */
        TAKEN_OVER,
        /** No answer in time. */
        TIMEOUT,
        /** The broker broke the protocol. */
        PROTOCOL
    }
}
