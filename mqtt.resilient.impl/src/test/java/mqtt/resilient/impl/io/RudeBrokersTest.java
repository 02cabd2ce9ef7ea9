package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import mqtt.resilient.impl.environment.Route.Proxy.Kind;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Brokers and proxies without manners: a named reason, another attempt, and no harm. */
@Timeout(180)
class RudeBrokersTest {
    @TempDir
    Path directory;
    private RudePeer peer;
    private RealClient client;

    @AfterEach
    void close() {
        if (client != null) {
            client.close();
        }
        if (peer != null) {
            peer.close();
        }
    }

    private RealClient against(String scheme, RudePeer.Manners manners) {
        peer = new RudePeer(manners);
        client = new RealClient(peer.uri(scheme)).waits(700, 700);
        return client;
    }

    private static void mqtt(Socket socket) throws Exception {
        InputStream in = socket.getInputStream();
        while (true) {
            byte[] packet = RudePeer.packet(in);
            switch (packet[0] & 0xF0) {
                case 0x10 -> RudePeer.send(socket, RudePeer.CONNACK);
                case 0xC0 -> RudePeer.sendHex(socket, "d000");
                case 0xE0 -> {
                    return;
                }
                default -> {}
            }
        }
    }

    // ---- MQTT -----------------------------------------------------------------------------------------------------

    @Test
    void aBrokerThatAcceptsAndNeverAnswersIsGivenUpAfterResponseSecondsAndTriedAgain() {
        against("mqtt", RudePeer::silence).start().awaitReason("no CONNACK within response.seconds (0.7 s)");
        client.awaitAttempts(3);
    }

    @Test
    void aBrokerThatIsNotThereIsANamedReason() {
        against("mqtt", RudePeer::silence);
        peer.close();
        client.start().awaitReason("Connection refused");
        client.awaitAttempts(3);
    }

    @Test
    void aBrokerThatSendsItsConnackByteByByteIsSlowNotBroken() {
        against("mqtt", socket -> {
            InputStream in = socket.getInputStream();
            RudePeer.packet(in);
            for (byte each : RudePeer.CONNACK) {
                RudePeer.send(socket, new byte[] { each });
            }
            mqtt(socket);
        }).waits(5000, 2000).start().awaitOnline();
    }

    @Test
    void aBrokerThatDripsWithoutEndIsNotTakenForALivingOne() {
        against("mqtt", socket -> {
            RudePeer.packet(socket.getInputStream());
            RudePeer.sendHex(socket, "20 ff ff"); // a length that never ends
            for (int i = 0; i < 1000; i++) {
                Thread.sleep(100); // the speed of the peer; nothing waits for it
                RudePeer.sendHex(socket, "00");
            }
        }).start().awaitReason("");
        client.awaitAttempts(2);
    }

    @Test
    void aBrokerThatClosesBeforeTheConnackIsANamedReason() {
        against("mqtt", socket -> RudePeer.packet(socket.getInputStream())).start()
                .awaitReason("the broker closed the connection");
        client.awaitAttempts(3);
    }

    @Test
    void aBrokerThatClosesAtOnceIsANamedReason() {
        String reason = against("mqtt", socket -> {}).start().awaitReason("");
        assertTrue(reason.contains("closed the connection") || reason.contains("reset"), reason);
        client.awaitAttempts(3);
    }

    @Test
    void aWebServerOnThePortIsAProtocolError() {
        against("mqtt", socket -> {
            RudePeer.packet(socket.getInputStream());
            RudePeer.send(socket, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        }).start().awaitReason("protocol error", "HTTP");
    }

    @Test
    void aTlsListenerThatAnswersPlainMqttWithAnAlertIsAProtocolErrorThatNamesTls() {
        against("mqtt", socket -> {
            RudePeer.packet(socket.getInputStream());
            RudePeer.sendHex(socket, "15 03 01 00 02 02 46");
        }).start().awaitReason("protocol error", "TLS");
    }

    @Test
    void whatFollowsAConnackInTheSameSegmentIsNotLost() {
        against("mqtt", socket -> {
            RudePeer.packet(socket.getInputStream());
            RudePeer.sendHex(socket, "20020000 e200"); // an invalid packet right behind
            RudePeer.silence(socket);
        }).start().awaitReason("protocol error");
    }

    // ---- TLS ------------------------------------------------------------------------------------------------------

    @Test
    void aPlainBrokerOnATlsPortIsNamedAsThat() {
        against("mqtts", socket -> {
            socket.getInputStream().read();
            RudePeer.sendHex(socket, "20020000 30050001612031"); // TLS asks for five bytes to begin with
            RudePeer.silence(socket);
        }).start().awaitReason("TLS: the broker does not speak TLS on this port");
    }

    @Test
    void aWebServerOnATlsPortIsNamedAsThat() {
        against("mqtts", socket -> {
            socket.getInputStream().read();
            RudePeer.send(socket, "HTTP/1.1 400 Bad Request\r\n\r\n");
            RudePeer.silence(socket);
        }).start().awaitReason("TLS: the broker does not speak TLS on this port");
    }

    @Test
    void aBrokerThatClosesInTheTlsHandshakeIsANamedReason() {
        against("mqtts", socket -> socket.getInputStream().readNBytes(20)).start()
                .awaitReason("TLS: the broker closed the connection during the handshake");
        client.awaitAttempts(3);
    }

    @Test
    void aBrokerThatSaysNothingInTheTlsHandshakeIsGivenUpAfterConnectSeconds() {
        against("mqtts", RudePeer::silence).start().awaitReason("no connection within connect.seconds (0.7 s)");
        client.awaitAttempts(2);
    }

    @Test
    void aTlsHandshakeThatDripsIsGivenUpAfterConnectSeconds() {
        against("mqtts", socket -> {
            RudePeer.sendHex(socket, "16 03 03 40 00");
            for (int i = 0; i < 1000; i++) {
                Thread.sleep(50); // the speed of the peer; nothing waits for it
                RudePeer.sendHex(socket, "00");
            }
        }).start().awaitReason("no connection within connect.seconds (0.7 s)");
    }

    @Test
    void aTlsBrokerThatHangsUpAfterTheHandshakeIsANamedReason() throws Exception {
        TestKeys keys = new TestKeys(directory, "EC");
        peer = new RudePeer(keys.server().getServerSocketFactory(), socket -> RudePeer.packet(socket.getInputStream()));
        client = new RealClient(peer.uri("mqtts")).trusting(keys.file("trust.pem", keys.certificatePem())).start();
        client.awaitReason("the broker closed the connection");
        client.awaitAttempts(3);
    }

    @Test
    void tlsThatIsCutWithoutItsGoodbyeIsAClosedConnection() throws Exception {
        TestKeys keys = new TestKeys(directory, "EC");
        var context = keys.server();
        peer = new RudePeer(socket -> {
            var tls = (javax.net.ssl.SSLSocket) context.getSocketFactory().createSocket(socket, null, true);
            tls.setUseClientMode(false);
            RudePeer.packet(tls.getInputStream());
            RudePeer.send(tls, RudePeer.CONNACK);
            socket.close(); // no close_notify
        });
        client = new RealClient(peer.uri("mqtts")).trusting(keys.file("trust.pem", keys.certificatePem())).start();
        client.awaitReason("closed the connection");
        client.awaitAttempts(3);
    }

    // ---- WebSocket ------------------------------------------------------------------------------------------------

    @Test
    void aRefusedWebSocketIsNamedWithTheStatusAndWithoutTheTokenOfTheQuery() {
        String reason = against("ws", socket -> {
            RudePeer.head(socket);
            RudePeer.send(socket, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
            RudePeer.silence(socket);
        }).start().awaitReason("the broker refused the WebSocket at /mqtt", "401 Unauthorized");
        assertFalse(reason.contains("secret"), reason);
    }

    @Test
    void aWebSocketWithoutTheSubprotocolIsRefusedByTheClient() {
        against("ws", socket -> {
            String key = RudePeer.head(socket).replaceAll("(?s).*Sec-WebSocket-Key: *(\\S+).*", "$1");
            RudePeer.send(socket, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Accept: " + RudePeer.accept(key) + "\r\n\r\n");
            RudePeer.silence(socket);
        }).start().awaitReason("subprotocol mqtt");
    }

    @Test
    void aWebSocketWithAWrongAcceptIsRefusedByTheClient() {
        against("ws", socket -> {
            RudePeer.head(socket);
            RudePeer.send(socket, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: " + RudePeer.accept("x") + "\r\n\r\n");
            RudePeer.silence(socket);
        }).start().awaitReason("RFC 6455 section 4.1");
    }

    @Test
    void anMqttBrokerOnAWebSocketPortIsNamedAsThat() {
        against("ws", socket -> {
            RudePeer.head(socket);
            RudePeer.sendHex(socket, "20020000 00 00");
            RudePeer.silence(socket);
        }).start().awaitReason("does not speak HTTP");
    }

    @Test
    void aBrokerThatClosesDuringTheUpgradeIsANamedReason() {
        against("ws", RudePeer::head).start().awaitReason("the opening of the WebSocket at /mqtt");
    }

    @Test
    void aHeadWithoutEndIsNamed() {
        against("ws", socket -> {
            RudePeer.send(socket, "HTTP/1.1 101 OK\r\n" + "X: y\r\n".repeat(5000));
            RudePeer.silence(socket);
        }).start().awaitReason("head of more than 16384 bytes");
    }

    private void frames(String hex, String... words) {
        against("ws", socket -> {
            RudePeer.upgrade(socket);
            RudePeer.frame(socket.getInputStream());
            RudePeer.sendHex(socket, hex);
            RudePeer.silence(socket);
        }).start().awaitReason(words);
    }

    @Test
    void aMaskedFrameIsNamed() {
        frames("82 84 00000000 20020000", "masked");
    }

    @Test
    void aTextFrameIsNamed() {
        frames("81 04 20020000", "text frame", "MQTT-6.0.0-1");
    }

    @Test
    void anOversizedControlFrameIsNamed() {
        frames("89 7e 00 7e", "control frame of 126 bytes");
    }

    @Test
    void aFrameThatIsTooLongForAnythingIsNamed() {
        frames("82 7f ffffffffffffffff", "too long");
    }

    @Test
    void aPacketBeyondTheLimitEndsTheConnectionHoweverLongItsFrameIs() {
        frames("82 7f 0000000010000000 40 ff ff ff 7f", "protocol error");
    }

    @Test
    void aCloseFrameIsNamedWithItsCode() {
        frames("88 02 03f3", "closed the WebSocket with code 1011");
    }

    @Test
    void aWebSocketPingIsAnsweredAndFragmentsAreJoined() throws Exception {
        BlockingQueue<byte[]> frames = new LinkedBlockingQueue<>();
        against("ws", socket -> {
            RudePeer.upgrade(socket);
            InputStream in = socket.getInputStream();
            boolean pinged = false;
            while (true) {
                byte[] frame = RudePeer.frame(in);
                if (frame[0] == 2 && frame[1] == 0x10) {
                    RudePeer.sendHex(socket, "02 01 20"); // one packet in three fragments, a ping in between
                    RudePeer.sendHex(socket, "89 03 616263");
                    RudePeer.sendHex(socket, "00 01 02 80 02 0000");
                    pinged = true;
                } else if (pinged && frame[0] == 10) {
                    frames.add(frame);
                }
            }
        }).start().awaitOnline();
        byte[] pong = frames.poll(20, TimeUnit.SECONDS);
        assertEquals("abc", new String(pong, 1, 3, java.nio.charset.StandardCharsets.US_ASCII));
    }

    // ---- proxies --------------------------------------------------------------------------------------------------

    private RealClient through(Kind kind, String user, RudePeer.Manners manners) {
        peer = new RudePeer(manners);
        client = new RealClient("mqtt://broker.example:1883").waits(700, 700)
                .proxy(kind, peer.port(), user, user == null ? null : "secret").start();
        return client;
    }

    private void httpAnswers(String answer, String... words) {
        through(Kind.HTTP, "u", socket -> {
            RudePeer.head(socket);
            RudePeer.send(socket, answer);
            RudePeer.silence(socket);
        }).awaitReason(words);
    }

    @Test
    void aProxyThatWantsCredentialsIsNamedWithTheKeys() {
        httpAnswers("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "the proxy http://127.0.0.1:",
                "wants other credentials (proxy.user, .proxy.password)", "407");
    }

    @Test
    void aProxyThatForbidsIsNamedWithItsAnswer() {
        httpAnswers("HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!", "refused: HTTP/1.1 403 Forbidden");
    }

    @Test
    void aProxyThatAnswersGarbageIsNamed() {
        httpAnswers("SSH-2.0-OpenSSH_9\r\n", "does not speak HTTP");
    }

    @Test
    void aStatusLineWithControlCharactersIsShownWithoutThem() {
        httpAnswers("HTTP/1.1 500 \u001b[31mred\u0007\r\n\r\n", "refused: HTTP/1.1 500 ?[31mred?");
    }

    @Test
    void aProxyThatNeverAnswersIsGivenUpAfterConnectSeconds() {
        through(Kind.HTTP, null, RudePeer::silence).awaitReason("no connection within connect.seconds (0.7 s)");
    }

    @Test
    void aProxyThatHangsUpIsNamed() {
        through(Kind.HTTP, null, RudePeer::head).awaitReason("the handshake with the proxy http://127.0.0.1:");
    }

    @Test
    void anHttpProxyAskedInSocksIsNamed() {
        through(Kind.SOCKS5, null, socket -> {
            socket.getInputStream().read();
            RudePeer.send(socket, "HTTP/1.1 400 Bad Request\r\n\r\n");
            RudePeer.silence(socket);
        }).awaitReason("the proxy socks5://127.0.0.1:", "does not speak SOCKS 5");
    }

    @Test
    void aSocksProxyWithoutACommonMethodIsNamed() {
        through(Kind.SOCKS5, null, socket -> {
            socket.getInputStream().readNBytes(3);
            RudePeer.sendHex(socket, "05 ff");
            RudePeer.silence(socket);
        }).awaitReason("wants another way of authentication (proxy.user, .proxy.password)");
    }

    @Test
    void aSocksProxyThatWantsCredentialsThatWereNotOfferedIsNamed() {
        through(Kind.SOCKS5, null, socket -> {
            socket.getInputStream().readNBytes(3);
            RudePeer.sendHex(socket, "05 02");
            RudePeer.silence(socket);
        }).awaitReason("the proxy socks5://127.0.0.1:", "proxy.user, .proxy.password");
    }

    @Test
    void aSocksProxyThatRefusesIsNamedWithItsReason() {
        through(Kind.SOCKS5, null, socket -> {
            socket.getInputStream().readNBytes(3);
            RudePeer.sendHex(socket, "05 00");
            socket.getInputStream().read();
            RudePeer.sendHex(socket, "05 04 00 01 00000000 0000");
            RudePeer.silence(socket);
        }).awaitReason("the proxy socks5://127.0.0.1:", "refused: host unreachable");
    }
}
