package mqtt.resilient.impl.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.concurrent.Executor;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import mqtt.resilient.impl.environment.Route;
import tlschannel.ClientTlsChannel;
import tlschannel.HeapBufferAllocator;
import tlschannel.NeedsReadException;
import tlschannel.NeedsTaskException;
import tlschannel.NeedsWriteException;
import tlschannel.TlsChannel;

/** The bytes of a connection through TLS. On the loop; what TLS has to compute is done by workers. */
final class TlsStream extends ByteStream {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SSLEngine engine;
    private final TlsChannel channel;
    private final Executor workers;
    private final Runnable resume;
    /** Why TLS failed, once the peer was told. */
    private SSLException failure;

    /**
     * Prepares a handshake. Blocks, for the keys and the trust: not on the loop.
     *
     * @param resume called by a worker when the stream can go on
     */
    TlsStream(SocketChannel socket, Route route, Executor workers, Runnable resume)
            throws IOException, GeneralSecurityException {
        super(socket);
        this.workers = workers;
        this.resume = resume;
        Route.Tls tls = route.tls();
        engine = tls.contexts().current().createSSLEngine(route.host(), route.hostPort());
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        if (tls.verifyHostname()) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
        if (isName(route.host())) {
            parameters.setServerNames(List.of(new SNIHostName(route.host())));
        }
        if (!tls.protocols().isEmpty()) {
            parameters.setProtocols(tls.protocols().toArray(String[]::new));
        }
        if (!tls.ciphers().isEmpty()) {
            parameters.setCipherSuites(tls.ciphers().toArray(String[]::new));
        }
        engine.setSSLParameters(parameters);
        channel = ClientTlsChannel.newBuilder(socket, engine).withRunTasks(false)
                .withEncryptedBufferAllocator(new HeapBufferAllocator()).build();
    }

    /** Names only, of the characters that Java allows; an address is no server name (RFC 6066 section 3). */
    private static boolean isName(String host) {
        return !host.contains(":") && !host.matches("[0-9.]+") && host.matches("[A-Za-z0-9.-]+");
    }

    @Override
    boolean isSecured() throws IOException {
        return !waitsForWorker && attempt(() -> {
            channel.handshake();
            return 1;
        }) == 1;
    }

    @Override
    int read(ByteBuffer target) throws IOException {
        if (alerted) {
            return readAfterAlert(target);
        }
        int count = waitsForWorker ? 0 : attempt(() -> channel.read(target));
        mayHoldMore = count > 0;
        return count;
    }

    /** Reads on until the peer has closed, so that the system sends no reset, which would overtake the alert. */
    private int readAfterAlert(ByteBuffer target) throws SSLException {
        mayHoldMore = false;
        try {
            int count = socket.read(target);
            if (count >= 0) {
                return count;
            }
        } catch (IOException e) { // reset by the peer, which is an end as well
            failure.addSuppressed(e);
        }
        throw failure;
    }

    @Override
    void write(ByteBuffer source) throws IOException {
        if (!waitsForWorker) {
            wantsWrite = false;
            attempt(() -> channel.write(source));
        }
    }

    @Override
    void shutdownOutput() throws IOException {
        if (!alerted) { // else it has ended
            attempt(() -> channel.shutdown() ? 1 : 0);
            socket.shutdownOutput();
        }
    }

    private interface Operation {
        int run() throws IOException;
    }

    /** Runs an operation; returns 0 if it cannot go on now, and notes whether it waits to read or to write. */
    private int attempt(Operation operation) throws IOException {
        try {
            return operation.run();
        } catch (NeedsReadException e) {
            return 0;
        } catch (NeedsWriteException e) {
            wantsWrite = true;
            return 0;
        } catch (NeedsTaskException e) {
            Runnable task = () -> {
                try {
                    e.getTask().run();
                } finally {
                    resume.run(); // TLS itself says what came of the task
                }
            };
            waitsForWorker = true;
            workers.execute(task);
            return 0;
        } catch (SSLException e) {
            failure = e;
            alerted = !wantsWrite && sendAlert(); // not into the middle of a record
            throw e;
        }
    }

    /** Sends the alert with the reason of the failure (RFC 8446 section 6.2); false if there is none, or it cannot. */
    private boolean sendAlert() {
        ByteBuffer alert = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        try {
            while (!engine.isOutboundDone() && engine.wrap(NOTHING, alert).bytesProduced() > 0) {
                continue;
            }
            boolean sent = socket.write(alert.flip()) > 0;
            socket.shutdownOutput();
            return sent;
        } catch (IOException e) {
            failure.addSuppressed(e);
            return false;
        }
    }
}
