package mqtt.resilient.impl.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** The bytes of a connection, as they are. On the loop. */
class ByteStream {
    final SocketChannel socket;
    /** Whether bytes that were taken wait inside; {@link #write} again when the network is ready. */
    boolean wantsWrite;
    /** Whether bytes that the selector does not know of may wait to be read. */
    boolean mayHoldMore;
    /** Whether nothing can be done until a worker is done. */
    boolean waitsForWorker;
    /** Whether TLS has failed and told the peer so: only the peer's end is still to be read. */
    boolean alerted;

    ByteStream(SocketChannel socket) {
        this.socket = socket;
    }

    /** Goes on with the TLS handshake; whether it is done. */
    boolean isSecured() throws IOException {
        return false;
    }

    /** Reads what is there: the number of bytes, 0 if there are none now, -1 at the end. */
    int read(ByteBuffer target) throws IOException {
        return socket.read(target);
    }

    /** Writes what the network takes. */
    void write(ByteBuffer source) throws IOException {
        socket.write(source);
    }

    /** Ends the writing side. */
    void shutdownOutput() throws IOException {
        socket.shutdownOutput();
    }
}
