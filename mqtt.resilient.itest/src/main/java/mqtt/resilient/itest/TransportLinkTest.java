package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import mqtt.resilient.itest.BrokerDoors.Door;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** WebSockets and proxies, each with each and with TLS. */
@EngineTest
class TransportLinkTest extends LinkTest {
    private static final String USER = "gateway7";
    private static final String PASSWORD = "s3cret";
    /** Mosquitto 2.0.11 stalls on large messages over WebSockets. */
    private static final int SMALL = 10_000;
    private static final int LARGE = 1_000_000;

    private static Certificates certificates;
    private static BrokerDoors doors;
    private static Proxy http;
    private static Proxy httpWithCredentials;
    private static Proxy socks;
    private static Proxy socksWithCredentials;

    @BeforeAll
    static void start() {
        certificates = new Certificates();
        doors = new BrokerDoors(certificates);
        http = Proxy.http(null, null);
        httpWithCredentials = Proxy.http(USER, PASSWORD);
        socks = Proxy.socks(null, null);
        socksWithCredentials = Proxy.socks(USER, PASSWORD);
    }

    @AfterAll
    static void stop() {
        List.of(http, httpWithCredentials, socks, socksWithCredentials).forEach(Proxy::close);
        doors.close();
        certificates.close();
    }

    private static Object[] keys(Object... more) {
        List<Object> all = new ArrayList<>(List.of("tls.truststore", certificates.authority().toString()));
        all.addAll(List.of(more));
        return all.toArray();
    }

    @TestFactory
    List<DynamicTest> everyTransportGoesThroughEveryProxy() {
        Map<String, Object[]> ways = new LinkedHashMap<>();
        ways.put("directly", keys());
        ways.put("through an HTTP proxy", keys("proxy", http.uri()));
        ways.put("through an HTTP proxy with credentials", keys("proxy", httpWithCredentials.uri(), "proxy.user", USER,
                ".proxy.password", PASSWORD));
        ways.put("through a SOCKS proxy", keys("proxy", socks.uri()));
        ways.put("through a SOCKS proxy with credentials", keys("proxy", socksWithCredentials.uri(), "proxy.user", USER,
                ".proxy.password", PASSWORD));
        List<DynamicTest> tests = new ArrayList<>();
        ways.forEach((way, keys) -> {
            for (Door door : List.of(Door.PLAIN, Door.TLS, Door.WEB_SOCKET, Door.SECURE_WEB_SOCKET)) {
                tests.add(dynamicTest(door + " " + way, () -> {
                    try (LinkClient client = connected(doors.uri(door), keys)) {
                        boolean webSocket = Set.of(Door.WEB_SOCKET, Door.SECURE_WEB_SOCKET).contains(door);
                        client.echoes(webSocket && doors.isMosquitto() ? SMALL : LARGE);
                        assertEquals(1, client.mqtt.metrics().connections());
                    }
                }));
            }
        });
        return tests;
    }

    @Test
    void aMegabyteGoesThroughAWebSocketAndBack() {
        Relay webSocket = closing(Relay.webSocket(doors.port(Door.PLAIN), certificates.context("server")));
        connected("wss://localhost:" + webSocket.port() + "/mqtt", keys()).echoes(LARGE);
    }

    @Test
    void pathQueryAndHeadersAreSentWithTheUpgrade() {
        Relay webSocket = closing(Relay.webSocket(doors.port(Door.PLAIN), null));
        connected("ws://localhost:" + webSocket.port() + "/a/b?token=t", ".ws.headers",
                new String[] { "X-Token: secret", "X-Other: 1" }).echoes(100);
        String request = webSocket.asked().get(0);
        assertTrue(request.startsWith("GET /a/b?token=t HTTP/1.1"), request);
        assertTrue(request.contains("x-token=secret") && request.contains("x-other=1")
                && request.contains("sec-websocket-protocol=mqtt"), request);
    }

    @Test
    void aBrokerThatIsNoWebSocketIsNamedAsThat() {
        TestBroker plain = closing(TestBroker.orMoquette()).start(); // Artemis speaks WebSocket on the same port
        client("ws://localhost:" + plain.port() + "/mqtt").awaitReason("WebSocket");
    }

    // ---- proxies that refuse --------------------------------------------------------------------------------------

    @Test
    void anHttpProxyThatWantsCredentialsIsNamedWithTheKeys() {
        client(doors.uri(Door.PLAIN), keys("proxy", httpWithCredentials.uri()))
                .awaitReason("the proxy http://127.0.0.1:", "proxy.user, .proxy.password");
    }

    @Test
    void wrongCredentialsForAnHttpProxyAreNamedWithTheKeysAndNeverShown() {
        LinkClient client = client(doors.uri(Door.PLAIN), keys("proxy", httpWithCredentials.uri(), "proxy.user", USER,
                ".proxy.password", "wr0ng"));
        client.awaitReason("the proxy http://127.0.0.1:", "proxy.user, .proxy.password");
        assertTrue(!client.mqtt.status().toString().contains("wr0ng"), client.mqtt.status()::toString);
    }

    @Test
    void aSocksProxyThatWantsCredentialsIsNamedWithTheKeys() {
        client(doors.uri(Door.PLAIN), keys("proxy", socksWithCredentials.uri()))
                .awaitReason("the proxy socks5://127.0.0.1:", "proxy.user, .proxy.password");
    }

    @Test
    void wrongCredentialsForASocksProxyAreNamedWithTheKeys() {
        client(doors.uri(Door.PLAIN), keys("proxy", socksWithCredentials.uri(), "proxy.user", USER, ".proxy.password",
                "wr0ng")).awaitReason("the proxy socks5://127.0.0.1:", "proxy.user, .proxy.password");
    }

    @Test
    void aBrokerThatAnHttpProxyCannotReachIsNamedAsTheProxysAnswer() {
        client("mqtt://127.0.0.1:" + TestBroker.freePort(), keys("proxy", http.uri()))
                .awaitReason("the proxy http://127.0.0.1:", "refused");
    }

    @Test
    void aBrokerThatASocksProxyCannotReachIsNamedAsTheProxysAnswer() {
        client("mqtt://127.0.0.1:" + TestBroker.freePort(), keys("proxy", socks.uri()))
                .awaitReason("the proxy socks5://127.0.0.1:", "refused");
    }

    @Test
    void aProxyThatIsNotThereIsANamedReason() {
        client(doors.uri(Door.PLAIN), keys("proxy", "http://127.0.0.1:" + TestBroker.freePort()))
                .awaitReason("Connection refused");
    }

    @Test
    void correctedCredentialsConnectWithoutARestart() {
        LinkClient client = client(doors.uri(Door.TLS), keys("proxy", httpWithCredentials.uri(), "proxy.user", USER,
                ".proxy.password", "wr0ng"));
        client.awaitReason("proxy.user, .proxy.password");
        client.configure(".proxy.password", PASSWORD);
        client.awaitOnline().echoes(1000);
    }

    // ---- names ----------------------------------------------------------------------------------------------------

    @Test
    void theNameOfTheBrokerGoesToAnHttpProxyUnresolvedAndIsVerifiedBehindIt() {
        Relay proxy = closing(Relay.httpProxy(USER, PASSWORD));
        connected(doors.uri(Door.TLS, "broker.test"),
                keys("proxy", "http://127.0.0.1:" + proxy.port(), "proxy.user", USER,
                        ".proxy.password", PASSWORD))
                .echoes(1000);
        assertEquals("broker.test:" + doors.port(Door.TLS), proxy.asked().get(0));
    }

    @Test
    void theNameOfTheBrokerGoesToASocksProxyUnresolvedAndIsVerifiedBehindIt() {
        Relay proxy = closing(Relay.socksProxy(USER, PASSWORD));
        connected(doors.uri(Door.TLS, "broker.test"), keys("proxy", "socks5://127.0.0.1:" + proxy.port(), "proxy.user",
                USER, ".proxy.password", PASSWORD)).echoes(1000);
        assertEquals("broker.test:" + doors.port(Door.TLS), proxy.asked().get(0));
    }

    @Test
    void aWrongNameIsFoundOutAlsoBehindAProxy() {
        Relay proxy = closing(Relay.httpProxy(null, null));
        client(doors.uri(Door.TLS, "stranger.test"), keys("proxy", "http://127.0.0.1:" + proxy.port()))
                .awaitReason("no name in the certificate matches stranger.test", "broker.test");
    }
}
