package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import java.util.Random;
import mqtt.resilient.impl.environment.Route;
import mqtt.resilient.impl.environment.Route.Proxy.Kind;
import mqtt.resilient.impl.world.Bytes;
import org.junit.jupiter.api.Test;

/** The dialogues before MQTT: HTTP responses, CONNECT, SOCKS 5, the WebSocket upgrade. */
class OpeningsTest {

    private static Route route(String host, Kind kind, String user, String password) {
        return new Route(InetAddress.getLoopbackAddress(), 3128, host, 8883,
                kind == null ? null : new Route.Proxy(kind, "proxy", 3128, user, password), null,
                kind == null ? new Route.WebSocket("/mqtt?t=1", List.of("X-A: b")) : null);
    }

    private static String ascii(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    // ---- HTTP responses -------------------------------------------------------------------------------------------

    @Test
    void aResponseIsReadUpToItsEmptyLineAndNotAByteMore() throws IOException {
        HttpResponse response = new HttpResponse("the test");
        ByteBuffer in = bytes("HTTP/1.1 200 OK\r\nA: 1\r\nb-C :  two words \r\n\r\nrest");
        assertTrue(response.take(in));
        assertEquals(4, in.remaining());
        assertEquals(200, response.status());
        assertEquals("HTTP/1.1 200 OK", response.statusLine());
        assertEquals("1", response.header("a"));
        assertEquals("two words", response.header("B-c"));
        assertEquals("", response.header("absent"));
    }

    @Test
    void aResponseMayComeByteByByte() throws IOException {
        HttpResponse response = new HttpResponse("the test");
        byte[] all = "HTTP/1.0 407 No\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
        for (int i = 0; i < all.length; i++) {
            assertEquals(i == all.length - 1, response.take(ByteBuffer.wrap(all, i, 1)), "byte " + i);
        }
        assertEquals(407, response.status());
    }

    @Test
    void whatIsNotHttpIsFoundOutAtOnce() {
        assertThrows(IOException.class, () -> new HttpResponse("the test").take(bytes("SSH-2")));
        assertThrows(IOException.class,
                () -> new HttpResponse("the test").take(bytes("\u0015\u0003\u0001\u0000\u0002")));
    }

    @Test
    void aStatusThatIsNoNumberIsZero() throws IOException {
        for (String line : List.of("HTTP/1.1", "HTTP/1.1 abc", "HTTP/1.1 99999 x", "HTTP/1.1  200")) {
            HttpResponse response = new HttpResponse("the test");
            assertTrue(response.take(bytes(line + "\r\n\r\n")));
            assertEquals(0, response.status(), line);
        }
    }

    @Test
    void randomBytesBehindTheFirstFiveNeverDoAnythingElseThanAnIoException() {
        Random random = new Random(1);
        for (int i = 0; i < 2000; i++) {
            byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            HttpResponse response = new HttpResponse("the test");
            try {
                response.take(bytes("HTTP/"));
                if (response.take(ByteBuffer.wrap(bytes)) || response.take(bytes("\r\n\r\n"))) {
                    assertTrue(response.status() >= 0 && response.statusLine().length() <= 100);
                }
            } catch (IOException e) {
                assertTrue(e.getMessage().length() > 5);
            }
        }
    }

    // ---- HTTP CONNECT ---------------------------------------------------------------------------------------------

    @Test
    void connectNamesTheBrokerAndCarriesCredentials() {
        String request = ascii(new HttpConnect(route("broker.example", Kind.HTTP, "u:ser", "pä:ss")).start());
        assertTrue(request.startsWith("CONNECT broker.example:8883 HTTP/1.1\r\nHost: broker.example:8883\r\n"),
                request);
        assertTrue(request.contains("\r\nProxy-Authorization: Basic " + java.util.Base64.getEncoder()
                .encodeToString("u:ser:pä:ss".getBytes(StandardCharsets.UTF_8)) + "\r\n"), request);
        assertTrue(request.endsWith("\r\n\r\n"), request);
    }

    @Test
    void connectWithoutAUserCarriesNoCredentialsAndAnIpv6AddressInBrackets() {
        String request = ascii(new HttpConnect(route("2001:db8::1", Kind.HTTP, null, null)).start());
        assertTrue(request.startsWith("CONNECT [2001:db8::1]:8883 HTTP/1.1\r\nHost: [2001:db8::1]:8883\r\n"), request);
        assertFalse(request.contains("Authorization"), request);
    }

    @Test
    void anyAnswerOfTheTwoHundredsOpensTheTunnel() throws IOException {
        HttpConnect connect = new HttpConnect(route("broker", Kind.HTTP, null, null));
        assertArrayEquals(new byte[0], connect.received(bytes("HTTP/1.0 299 Fi")));
        ByteBuffer rest = bytes("ne\r\n\r\nX");
        assertNull(connect.received(rest));
        assertEquals(1, rest.remaining());
    }

    // ---- SOCKS 5 --------------------------------------------------------------------------------------------------

    private static byte[] feed(Socks5 socks, String text) throws IOException {
        byte[] answer = {};
        byte[] all = Bytes.of(text);
        for (int i = 0; i < all.length; i++) {
            answer = socks.received(ByteBuffer.wrap(all, i, 1));
            assertTrue(i == all.length - 1 || answer != null && answer.length == 0, "an answer after byte " + i);
        }
        return answer;
    }

    @Test
    void socksWithoutAUserAsksForTheNameAtOnce() throws IOException {
        Socks5 socks = new Socks5(route("broker", Kind.SOCKS5, null, null));
        assertArrayEquals(Bytes.of("05 01 00"), socks.start());
        assertArrayEquals(Bytes.of("05 01 00 03 06 'broker' 22b3"), feed(socks, "05 00"));
        assertNull(feed(socks, "05 00 00 01 7f000001 1234"));
    }

    @Test
    void socksWithAUserGivesTheCredentialsWhenTheyAreWanted() throws IOException {
        Socks5 socks = new Socks5(route("broker", Kind.SOCKS5, "user", "secret"));
        assertArrayEquals(Bytes.of("05 02 00 02"), socks.start());
        assertArrayEquals(Bytes.of("01 04 'user' 06 'secret'"), feed(socks, "05 02"));
        assertArrayEquals(Bytes.of("05 01 00 03 06 'broker' 22b3"), feed(socks, "01 00"));
        assertNull(feed(socks, "05 00 00 03 04 'name' 1234"));
    }

    @Test
    void socksDoesNotGiveTheCredentialsWhenTheyAreNotWanted() throws IOException {
        Socks5 socks = new Socks5(route("broker", Kind.SOCKS5, "user", "secret"));
        assertArrayEquals(Bytes.of("05 01 00 03 06 'broker' 22b3"), feed(socks, "05 00"));
        assertNull(feed(socks, "05 00 00 04 00000000000000000000000000000001 1234"));
    }

    @Test
    void socksTakesNotAByteMoreThanItsReply() throws IOException {
        Socks5 socks = new Socks5(route("broker", Kind.SOCKS5, null, null));
        feed(socks, "05 00");
        ByteBuffer in = ByteBuffer.wrap(Bytes.of("05 00 00 01 7f000001 1234 16 03"));
        assertNull(socks.received(in));
        assertEquals(2, in.remaining());
    }

    @Test
    void everyRefusalOfSocksIsAnIoExceptionInWords() throws IOException {
        for (int code = 1; code < 256; code++) {
            Socks5 socks = new Socks5(route("broker", Kind.SOCKS5, null, null));
            feed(socks, "05 00");
            String reply = "05 %02x 00 01 00000000 0000".formatted(code);
            IOException refusal = assertThrows(IOException.class, () -> feed(socks, reply));
            assertTrue(refusal.getMessage().contains("refused: "), refusal::getMessage);
        }
    }

    @Test
    void everyAnswerToTheMethodsIsARequestOrAnIoException() {
        for (int method = 0; method < 256; method++) {
            String reply = "05 %02x".formatted(method);
            Socks5 socks = new Socks5(route("broker", Kind.SOCKS5, null, null));
            if (method != 0) {
                assertThrows(IOException.class, () -> feed(socks, reply), reply);
            }
        }
    }

    @Test
    void anAddressGoesToASocksProxyAsAnAddress() throws IOException {
        Socks5 socks = new Socks5(route("192.0.2.1", Kind.SOCKS5, null, null));
        assertArrayEquals(Bytes.of("05 01 00 01 c0000201 22b3"), feed(socks, "05 00"));
        Socks5 six = new Socks5(route("2001:db8::1", Kind.SOCKS5, null, null));
        assertArrayEquals(Bytes.of("05 01 00 04 20010db8000000000000000000000001 22b3"), feed(six, "05 00"));
    }

    // ---- WebSocket ------------------------------------------------------------------------------------------------

    @Test
    void theUpgradeAsksForTheSubprotocolAndCarriesHeaders() {
        String request = ascii(new WebSocketUpgrade(route("broker", null, null, null), new SecureRandom()).start());
        assertTrue(request.startsWith("GET /mqtt?t=1 HTTP/1.1\r\nHost: broker:8883\r\n"), request);
        for (String line : List.of("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Protocol: mqtt", "X-A: b")) {
            assertTrue(request.contains("\r\n" + line + "\r\n"), line);
        }
        assertEquals(16, java.util.Base64.getDecoder()
                .decode(request.replaceAll("(?s).*Sec-WebSocket-Key: (\\S+).*", "$1")).length);
    }

    @Test
    void theAnswerToTheUpgradeMayBeWrittenInAnyCase() throws IOException {
        WebSocketUpgrade upgrade = new WebSocketUpgrade(route("broker", null, null, null), new SecureRandom());
        String key = ascii(upgrade.start()).replaceAll("(?s).*Sec-WebSocket-Key: (\\S+).*", "$1");
        ByteBuffer in = bytes(
                "HTTP/1.1 101 x\r\nUPGRADE: WebSocket\r\nconnection: upgrade\r\nsec-websocket-protocol: mqtt\r\n"
                        + "SEC-WEBSOCKET-ACCEPT: " + RudePeer.accept(key) + "\r\n\r\n\u0082");
        assertNull(upgrade.received(in));
        assertEquals(1, in.remaining());
    }
}
