package mqtt.resilient.impl.io;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/** A TLS handshake in memory. */
final class Handshake {
    private static final int BYTES = 64 * 1024;
    private static final int MOST_TURNS = 100;

    private Handshake() {
    }

    static void between(SSLEngine client, SSLEngine server) throws SSLException {
        client.setUseClientMode(true);
        server.setUseClientMode(false);
        ByteBuffer toServer = ByteBuffer.allocate(BYTES);
        ByteBuffer toClient = ByteBuffer.allocate(BYTES);
        client.beginHandshake();
        server.beginHandshake();
        for (int turn = 0; turn < MOST_TURNS && (isBusy(client) || isBusy(server)); turn++) {
            turn(client, toClient, toServer);
            turn(server, toServer, toClient);
        }
        if (isBusy(client) || isBusy(server)) {
            throw new SSLException(
                    "the handshake does not end: " + client.getHandshakeStatus() + ", " + server.getHandshakeStatus());
        }
    }

    private static boolean isBusy(SSLEngine engine) {
        return engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING;
    }

    private static void turn(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws SSLException {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
        if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
            engine.wrap(ByteBuffer.allocate(0), out);
        } else if (in.position() > 0) {
            in.flip();
            engine.unwrap(in, ByteBuffer.allocate(BYTES));
            in.compact();
        }
    }
}
