package mqtt.resilient.impl.link;

import java.nio.ByteBuffer;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.impl.environment.ConnectionHandler.Output;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.spi.Codec;
import mqtt.resilient.spi.ProtocolVersion;
import mqtt.resilient.spi.packet.Auth;
import mqtt.resilient.spi.packet.Connack;
import mqtt.resilient.spi.packet.Connect;
import mqtt.resilient.spi.packet.ProtocolException;

/**
 * What makes a connection usable by the session: CONNECT and CONNACK, and AUTH where enhanced authentication is
 * configured, which may be repeated later (MQTT 5 section 4.12). One for each {@link Link}, on the loop only.
 */
final class Handshake {
    private static final byte TLS_ALERT = 0x15;
    private static final byte TLS_HANDSHAKE = 0x16;

    private final Link link;
    private final Codec codec;
    private final Connect connect;
    /** Null = no more than a password is needed. */
    private final Authentication authentication;
    /** The CONNECT or AUTH that is to be written; null = none is. */
    private byte[] unwritten;
    /** Whether there is something to be written, or was. */
    private boolean begun;
    private boolean connectWritten;
    private boolean firstByteRead;
    private long packetLimit = BrokerLimits.NONE.maximumPacketBytes();

    Handshake(Link link, Codec codec, Connect connect, AuthenticatorCalls authenticator, LinkSettings settings,
            Scheduler scheduler) {
        this.link = link;
        this.codec = codec;
        this.connect = connect;
        authentication = authenticator == null ? null : new Authentication(settings.version().authMethod(),
                authenticator, scheduler, settings.timing().responseNanos(), link, this);
    }

    /** Who authenticates again from now on; null = nobody. */
    void authenticator(AuthenticatorCalls calls) {
        if (authentication != null) {
            authentication.use(calls);
        }
    }

    /** The network connection is made: has CONNECT written, once it holds what the authenticator says. */
    void begin() {
        if (authentication == null) {
            write(codec.encode(connect));
        } else {
            authentication.begin();
        }
    }

    private void write(byte[] packet) {
        unwritten = packet;
        begun = true;
        link.requestWrite();
    }

    /** The authenticator says something: in the CONNECT if there was none, else in an AUTH. */
    void send(Auth auth) {
        if (auth.code() == Auth.SUCCESS) {
            write(codec.encode(connect.with(auth)));
            return;
        }
        byte[] packet = codec.encode(auth);
        if (packet.length > packetLimit) { // [MQTT-3.2.2-15]
            link.authenticationFailed("an AUTH of " + packet.length + " bytes; the broker allows " + packetLimit);
        } else {
            write(packet);
        }
    }

    void fill(Output out) {
        if (unwritten != null && put(unwritten, out)) {
            unwritten = null;
        }
    }

    /** All that was to be written is written. */
    void flushed() {
        connectWritten |= begun && unwritten == null; // CONNECT is written before anything else
    }

    /** Checks whether a CONNACK may come now, and may say that of the session. */
    void requireExpected(Connack connack, ProtocolVersion protocol) throws ProtocolException {
        if (!isConnectWritten()) {
            throw new ProtocolException("a CONNACK before the CONNECT [MQTT-3.1.0-1]");
        }
        if (connack.sessionPresent() && connect.cleanStart() && protocol.hasSessionExpiry()) {
            throw new ProtocolException("a CONNACK that resumes a session, although the CONNECT said Clean Start"
                    + " [MQTT-3.2.2-4]");
        }
    }

    /** Whether the CONNECT is written; before that the broker has nothing to say. */
    boolean isConnectWritten() {
        return connectWritten;
    }

    /** What was sent and is unanswered, in words, where no CONNACK came. */
    String unanswered() {
        StringBuilder what = new StringBuilder("unanswered was the CONNECT with client identifier \"")
                .append(connect.clientId()).append('"');
        if (connect.user() != null) {
            int end = connect.user().indexOf('?'); // behind it some brokers want a token
            what.append(", user \"").append(end < 0 ? connect.user() : connect.user().substring(0, end) + "?...")
                    .append('"');
        }
        if (connect.password() != null) {
            what.append(", a password");
        }
        if (connect.will() != null) {
            what.append(", will on ").append(connect.will().topic()).append(" with QoS ")
                    .append(connect.will().qos().ordinal()).append(connect.will().retain() ? ", retained" : "");
        }
        return what.toString();
    }

    /** Writes a packet; false = there is no room for it now. */
    static boolean put(byte[] packet, Output out) {
        ByteBuffer buffer = out.reserve(packet.length);
        if (buffer == null) {
            return false;
        }
        buffer.put(packet);
        return true;
    }

    /** Names another protocol by its first byte, before it is taken for the header of a packet. */
    void requireMqtt(ByteBuffer bytes) throws ProtocolException {
        if (firstByteRead || !bytes.hasRemaining()) {
            return;
        }
        firstByteRead = true;
        byte first = bytes.get(bytes.position());
        if (first == 'H') {
            throw new ProtocolException(0, "the peer speaks HTTP, not MQTT; perhaps ws:// is meant");
        }
        if (first == TLS_ALERT || first == TLS_HANDSHAKE) {
            throw new ProtocolException(0, "the peer speaks TLS; perhaps mqtts:// or wss:// is meant");
        }
    }

    /** Whether the authenticator has to accept what the broker says in a CONNACK. */
    boolean mustProve(Connack connack) throws ProtocolException {
        if (authentication == null && !connack.authentication().method().isEmpty()) {
            throw new ProtocolException("a CONNACK with an authentication method, although none was requested"
                    + " [MQTT-4.12.0-6]");
        }
        return authentication != null;
    }

    /** Runs a task when the authenticator has accepted what the broker says. */
    void prove(Connack connack, Runnable accepted) throws ProtocolException {
        authentication.connack(connack.authentication(), () -> {
            packetLimit = connack.limits().maximumPacketBytes();
            accepted.run();
        });
    }

    void auth(Auth auth) throws ProtocolException {
        if (!connectWritten) {
            throw new ProtocolException("an AUTH before the CONNECT [MQTT-3.1.0-1]");
        }
        if (authentication == null) {
            throw new ProtocolException("an AUTH, although no authentication method was requested [MQTT-4.12.0-6]");
        }
        authentication.auth(auth);
    }

    /** Whether AUTH packets are being exchanged. */
    boolean isAuthenticating() {
        return authentication != null && authentication.isUnderWay();
    }

    /** Whether the broker waits for the authenticator. */
    boolean awaitsAuthenticator() {
        return authentication != null && authentication.awaitsAuthenticator();
    }

    /** The connection is over. */
    void close() {
        if (authentication != null) {
            authentication.close();
        }
    }
}
