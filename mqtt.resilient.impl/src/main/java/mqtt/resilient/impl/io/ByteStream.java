package mqtt.resilient.impl.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** The bytes of a connection, as they are. On the loop. */
class ByteStream {
    final SocketChannel socket;

    ByteStream(SocketChannel socket) {
        this.socket = socket;
    }

    /** Whether the stream can be used; drives what must come before. */
    boolean isOpened() throws IOException {
        return true;
    }

    /** Whether this is TCP without anything upon it. */
    boolean isPlain() {
        return true;
    }

    /** Reads what is there: the number of bytes, 0 if there are none now, -1 at the end. */
    int read(ByteBuffer target) throws IOException {
        return socket.read(target);
    }

    /** Writes what the network takes. */
    void write(ByteBuffer source) throws IOException {
        socket.write(source);
    }

    /** Whether bytes that were taken wait inside; {@link #write} again when the network is ready. */
    boolean wantsWrite() {
        return false;
    }

    /** Whether bytes that the selector does not know of may wait to be read. */
    boolean mayHoldMore() {
        return false;
    }

    /** Whether nothing can be done until a worker is done. */
    boolean isWaitingForTask() {
        return false;
    }

    /** A worker is done. */
    void taskDone() {
        // there are none
    }

    /** Ends the writing side. */
    void shutdownOutput() throws IOException {
        socket.shutdownOutput();
    }
}
