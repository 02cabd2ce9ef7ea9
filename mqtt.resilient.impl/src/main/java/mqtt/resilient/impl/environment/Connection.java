package mqtt.resilient.impl.environment;

/** One network connection. On the loop only. */
public interface Connection {
    /** Has {@link ConnectionHandler#fill} called soon, once for any number of requests. */
    void requestWrite();

    /** Stops or resumes reading. */
    void pauseReading(boolean pause);

    /** The number of bytes that were filled and are not yet written. */
    int unsentBytes();

    /** Which step of connecting goes on, in words: {@code the TLS handshake}. */
    String step();

    /** Closes at once; the handler is called no more. Repeatable. */
    void close();

    /**
     * Writes a last packet behind all that was filled, and closes when the peer has closed, at the latest at the given
     * time; of the handler only {@link ConnectionHandler#closed} is called after that.
     */
    void closeGracefully(byte[] last, long deadlineNanoTime);
}
