package mqtt.resilient.impl.io;

import mqtt.resilient.impl.environment.Route.Proxy.Kind;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Attempts that fail at once. */
@Tag("full")
class FailedAttemptsTest extends FailedAttempts {
    @Test
    void ofRefusedConnections() {
        RudePeer gone = new RudePeer(RudePeer::silence);
        gone.close();
        fails(new RealClient(gone.uri("mqtt")));
    }

    @Test
    void ofConnectionsThatAreClosedAtOnce() {
        try (RudePeer peer = new RudePeer(socket -> {})) {
            fails(new RealClient(peer.uri("mqtt")));
        }
    }

    @Test
    void ofBrokersThatSpeakAnotherProtocol() {
        try (RudePeer peer = new RudePeer(socket -> {
            socket.getInputStream().read();
            RudePeer.send(socket, "HTTP/1.1 400 Bad Request\r\n\r\n");
        })) {
            fails(new RealClient(peer.uri("mqtt")));
        }
    }

    @Test
    void ofTlsOnAPlainPort() {
        try (RudePeer peer = new RudePeer(socket -> {
            socket.getInputStream().read();
            RudePeer.sendHex(socket, "20 02 00 05 20 02");
        })) {
            fails(new RealClient(peer.uri("mqtts")));
        }
    }

    @Test
    void ofPlainMqttOnATlsPort() {
        try (RudePeer peer = new RudePeer(socket -> {
            socket.getInputStream().read();
            RudePeer.sendHex(socket, "15 03 01 00 02 02 46");
        })) {
            fails(new RealClient(peer.uri("mqtt")));
        }
    }

    @Test
    void ofTlsHandshakesThatAreClosed() {
        try (RudePeer peer = new RudePeer(socket -> socket.getInputStream().readNBytes(50))) {
            fails(new RealClient(peer.uri("mqtts")));
        }
    }

    @Test
    void ofWebSocketsThatAreRefused() {
        try (RudePeer peer = new RudePeer(socket -> {
            RudePeer.head(socket);
            RudePeer.send(socket, "HTTP/1.1 401 Unauthorized\r\n\r\n");
        })) {
            fails(new RealClient(peer.uri("ws")));
        }
    }

    @Test
    void ofProxiesThatRefuse() {
        try (RudePeer peer = new RudePeer(socket -> {
            socket.getInputStream().readNBytes(3);
            RudePeer.sendHex(socket, "05 ff");
        })) {
            fails(new RealClient("mqtt://broker.example").proxy(Kind.SOCKS5, peer.port(), null, null));
        }
    }

    @Test
    void ofSessionsThatBreakOffAfterTheConnack() {
        try (RudePeer peer = new RudePeer(socket -> {
            RudePeer.packet(socket.getInputStream());
            RudePeer.send(socket, RudePeer.CONNACK);
        })) {
            fails(new RealClient(peer.uri("mqtt")));
        }
    }
}
