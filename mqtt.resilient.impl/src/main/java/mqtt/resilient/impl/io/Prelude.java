package mqtt.resilient.impl.io;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A dialogue at the start of a connection, before MQTT: through a proxy, or into a WebSocket. */
interface Prelude {
    /** What {@link #received} returns while more of the answer is to come. */
    byte[] MORE = {};

    /** What is sent first. */
    byte[] start() throws IOException;

    /**
     * Takes bytes of the peer, no more than belong to the dialogue.
     *
     * @return what to send next; {@link #MORE} if there is nothing to send yet; null when the dialogue is over
     * @throws IOException if the peer refuses, with the reason in words
     */
    byte[] received(ByteBuffer in) throws IOException;
}
