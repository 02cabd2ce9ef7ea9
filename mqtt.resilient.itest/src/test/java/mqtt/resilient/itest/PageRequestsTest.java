package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.ResilientMqttClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the page answers, and to whom, without a browser. */
@Timeout(180)
class PageRequestsTest {
    private static final String PAGE = "/system/console/mqtt/page/";
    private static final Pattern TOKEN = Pattern.compile("\"token\":\"([0-9a-f]{32})\"");
    private static TestBroker broker;
    private static Gateway gateway;
    private static ResilientMqttClient client;

    @BeforeAll
    static void start() {
        broker = new TestBroker().start();
        gateway = new Gateway();
        client = gateway.clients.connected("plant", broker);
        Await.until("the page is there", () -> status(gateway, PAGE) == 200);
    }

    @AfterAll
    static void stop() throws Exception {
        gateway.close();
        broker.close();
    }

    private static int status(Gateway gateway, String path) {
        try {
            return gateway.get(path, true).statusCode();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static String token(InputStream stream) throws IOException {
        Matcher token = TOKEN.matcher(Gateway.until(stream, "\n\n"));
        assertTrue(token.find());
        return token.group(1);
    }

    @Test
    void withoutALoginThereIsNothing() throws Exception {
        for (String path : List.of("/system/console/mqtt", PAGE, PAGE + "console.js", PAGE + "events", PAGE + "action")) {
            assertEquals(401, gateway.get(path, false).statusCode(), path);
        }
    }

    @Test
    void theMenuOfTheWebConsoleLeadsToThePage() throws Exception {
        assertTrue(gateway.get("/system/console/bundles", true).body().contains("/system/console/mqtt\">MQTT clients</a>"));
        String page = gateway.get("/system/console/mqtt", true).body();
        assertTrue(page.contains("navmenu"), "the console's frame");
        assertTrue(page.contains("data-base=\"/system/console/mqtt/page\""), "our page in it");
    }

    @Test
    void anActionNeedsTheTokenOfAnOpenPage() throws Exception {
        String form = "do=publish&client=plant&topic=a&payload=b&qos=0&lane=2";
        assertEquals(403, gateway.post(PAGE + "action", form).statusCode());
        try (InputStream stream = gateway.stream(PAGE + "events", "one").body();
                InputStream other = gateway.stream(PAGE + "events", "two").body()) {
            String token = token(stream);
            String another = token(other);
            assertEquals(403, gateway.post(PAGE + "action", form, "X-Mqtt-Page", "one").statusCode());
            assertEquals(403, gateway.post(PAGE + "action", form, "X-Mqtt-Page", "one", "X-Mqtt-Token", another).statusCode());
            long before = client.metrics().accepted();
            assertEquals(202, gateway.post(PAGE + "action", form, "X-Mqtt-Page", "one", "X-Mqtt-Token", token).statusCode());
            assertEquals(before + 1, client.metrics().accepted());
            Gateway.until(stream, "is at its end: DELIVERED");
        }
        Await.until("the pages are gone", () -> !Gateway.samples());
    }

    @Test
    void anActionThatMakesNoSenseIsRefusedWithAReason() throws Exception {
        try (InputStream stream = gateway.stream(PAGE + "events", "sense").body()) {
            String token = token(stream);
            for (Map.Entry<String, String> each : Map.of("do=explode&client=plant", "do: \"explode\" is not allowed",
                    "do=connect&client=none", "there is no client \"none\"",
                    "do=drop&client=plant&lane=x", "lane: \"x\" is not allowed",
                    "do=publish&client=plant&topic=a%2F%23&payload=&qos=0&lane=2", "#",
                    "do=publish&client=plant&topic=a&format=hex&payload=0g&qos=0&lane=2", "hex").entrySet()) {
                HttpResponse<String> answer = gateway.post(PAGE + "action", each.getKey(), "X-Mqtt-Page", "sense", "X-Mqtt-Token", token);
                assertEquals(400, answer.statusCode(), each.getKey());
                assertTrue(answer.body().contains(each.getValue()), answer.body());
            }
            assertEquals(413, gateway.post(PAGE + "action", "do=publish&payload=" + "x".repeat(300_000), "X-Mqtt-Page", "sense",
                    "X-Mqtt-Token", token).statusCode());
        }
    }

    @Test
    void theSeventeenthPageIsRefusedUntilOneOfTheOthersIsClosed() throws Exception {
        Await.until("the pages of other tests are gone", () -> !Gateway.samples());
        List<InputStream> open = new ArrayList<>();
        try {
            for (int i = 0; i < 16; i++) {
                HttpResponse<InputStream> page = gateway.stream(PAGE + "events", "" + i);
                open.add(page.body());
                assertEquals(200, page.statusCode());
            }
            HttpResponse<InputStream> refused = gateway.stream(PAGE + "events", "x");
            assertEquals(503, refused.statusCode());
            Gateway.until(refused.body(), "16 pages");
            open.add(gateway.stream(PAGE + "events", "3").body()); // the same page again takes its place
            open.get(0).close();
            Await.until("there is room again", () -> {
                try {
                    HttpResponse<InputStream> page = gateway.stream(PAGE + "events", "x");
                    open.add(page.body());
                    return page.statusCode() == 200;
                } catch (IOException | InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
        } finally {
            for (InputStream each : open) {
                each.close();
            }
        }
        Await.until("nothing of the pages is left", () -> !Gateway.samples());
    }

    @Test
    void anotherWebSiteCannotOpenAStreamWithTheLoginOfTheBrowser() throws Exception {
        HttpResponse<String> refused = gateway.get(PAGE + "events?client=plant&tail=%23", true); // without a header of its own
        assertEquals(400, refused.statusCode());
        assertTrue(refused.body().startsWith("X-Mqtt-Page: no such header"), refused.body());
    }

    @Test
    void aTailOfASharedSubscriptionIsRefused() throws Exception {
        HttpResponse<InputStream> refused = gateway.stream(PAGE + "events?client=plant&tail=%24share%2Fg%2F%23", "shared");
        assertEquals(400, refused.statusCode());
        Gateway.until(refused.body(), "others of its group");
    }

    @Test
    void aPageThatComesAgainKeepsItsTail() throws Exception {
        Await.result(client.publish(Message.to("kept/a").payload("retained one").retain(true).build()).delivered());
        try (InputStream first = gateway.stream(PAGE + "events?client=plant&tail=kept%2F%23", "k").body()) {
            Gateway.until(first, "retained one");
            try (InputStream second = gateway.stream(PAGE + "events?client=plant&tail=kept%2F%23", "k").body()) {
                Gateway.until(second, "event: client\n");
                client.publish(Message.to("kept/b").payload("still here").build());
                String shown = Gateway.until(second, "still here");
                assertFalse(shown.contains("retained one"), "a second SUBSCRIBE would have brought it again");
            }
        }
        Await.until("the pages are gone", () -> !Gateway.samples());
    }

    @Test
    void aTailEndsWithItsPage() throws Exception {
        try (InputStream page = gateway.stream(PAGE + "events?client=plant&tail=gone%2F%23", "t").body()) {
            Gateway.until(page, "event: client\n");
            Gateway.until(page, "\"filter\":\"gone/#\"");
        }
        Await.until("the page is gone", () -> !Gateway.samples());
        try (InputStream page = gateway.stream(PAGE + "events?client=plant", "t").body()) {
            assertFalse(Gateway.until(page, "event: subscriptions\ndata: [").contains("gone/#"));
        }
    }

    @Test
    void withoutAWebConsoleThePageIsOnlyWhereAContextWithALoginIsConfigured() throws Exception {
        try (Gateway bare = new Gateway(name -> !name.contains("webconsole"))) {
            bare.installLogin();
            Await.until("HTTP is there", () -> status(bare, "/") == 404);
            for (String path : List.of("/mqtt/", "/secured/mqtt/", "/open/mqtt/", PAGE)) {
                assertEquals(404, status(bare, path), path);
            }
            bare.configureConsole(Map.of("servlet.context", "itest.login"));
            Await.until("the page is there", () -> status(bare, "/secured/mqtt/") == 200);
            assertEquals(401, bare.get("/secured/mqtt/", false).statusCode());
            HttpResponse<String> page = bare.get("/secured/mqtt/", true);
            assertTrue(page.body().contains("data-base=\"/secured/mqtt\""), page.body());
            assertTrue(page.headers().firstValue("Content-Security-Policy").orElse("").startsWith("default-src 'none'; script-src 'self'"));
            assertEquals(404, status(bare, "/mqtt/"));

            bare.configureConsole(Map.of("servlet.context", "itest.open"));
            Await.until("the page has moved", () -> status(bare, "/open/mqtt/") == 403);
            assertTrue(bare.get("/open/mqtt/", true).body().contains("servlet.context"));
            assertEquals(403, status(bare, "/open/mqtt/events"));
            assertEquals(404, status(bare, "/secured/mqtt/"));
        }
    }
}
