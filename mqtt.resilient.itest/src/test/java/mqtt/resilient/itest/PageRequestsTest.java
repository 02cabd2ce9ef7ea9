package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Proxy;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.spi.ClientInspector;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.osgi.framework.ServiceRegistration;

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
        for (String path : List.of("/system/console/mqtt", PAGE, PAGE + "console.js", PAGE + "events",
                PAGE + "action")) {
            assertEquals(401, gateway.get(path, false).statusCode(), path);
        }
    }

    @Test
    void theMenuOfTheWebConsoleLeadsToThePage() throws Exception {
        assertTrue(gateway.get("/system/console/bundles", true).body()
                .contains("/system/console/mqtt\">MQTT clients</a>"));
        HttpResponse<String> answer = gateway.get("/system/console/mqtt", true);
        assertEquals("SAMEORIGIN", answer.headers().firstValue("X-Frame-Options").orElse(""),
                "no other web site may show the buttons");
        String page = answer.body();
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
            assertEquals(403,
                    gateway.post(PAGE + "action", form, "X-Mqtt-Page", "one", "X-Mqtt-Token", another).statusCode());
            long before = client.metrics().accepted();
            assertEquals(202,
                    gateway.post(PAGE + "action", form, "X-Mqtt-Page", "one", "X-Mqtt-Token", token).statusCode());
            assertEquals(before + 1, client.metrics().accepted());
            Gateway.until(stream, "is settled: DELIVERED");
        }
        Await.until("the pages are gone", () -> !Gateway.samples());
    }

    @Test
    void anActionThatMakesNoSenseIsRefusedWithAReason() throws Exception {
        try (InputStream stream = gateway.stream(PAGE + "events", "sense").body()) {
            String token = token(stream);
            for (Map.Entry<String, String> each : Map.of("do=explode&client=plant", "do: \"explode\" is not allowed",
                    "do=connect&client=none", "there is no client \"none\"",
                    "do=cancel&client=plant&lane=x", "lane: \"x\" is not allowed",
                    "do=publish&client=plant&topic=a%2F%23&payload=&qos=0&lane=2", "#",
                    "do=publish&client=plant&topic=a&format=hex&payload=0g&qos=0&lane=2", "hex").entrySet()) {
                HttpResponse<String> answer = gateway.post(PAGE + "action", each.getKey(), "X-Mqtt-Page", "sense",
                        "X-Mqtt-Token", token);
                assertEquals(400, answer.statusCode(), each.getKey());
                assertTrue(answer.body().contains(each.getValue()), answer.body());
            }
            assertEquals(413,
                    gateway.post(PAGE + "action", "do=publish&payload=" + "x".repeat(300_000), "X-Mqtt-Page", "sense",
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
        // without a header of its own
        HttpResponse<String> refused = gateway.get(PAGE + "events?client=plant&tail=%23", true);
        assertEquals(400, refused.statusCode());
        assertTrue(refused.body().startsWith("X-Mqtt-Page: no such header"), refused.body());
    }

    @Test
    void aTailOfASharedSubscriptionIsRefused() throws Exception {
        HttpResponse<InputStream> refused = gateway.stream(PAGE + "events?client=plant&tail=%24share%2Fg%2F%23",
                "shared");
        assertEquals(400, refused.statusCode());
        Gateway.until(refused.body(), "messages from its group");
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
    void aClientThatHasJustGoneDoesNotStopThePageOfAnother() throws Exception {
        ServiceRegistration<?> going = register("going", ResilientMqttClient.class, method -> {
            throw new IllegalStateException("this bundle has released this service");
        });
        try (InputStream other = gateway.stream(PAGE + "events?client=going", "g").body();
                InputStream page = gateway.stream(PAGE + "events?client=plant", "p").body()) {
            Gateway.until(other, "\"name\":\"going\"");
            Gateway.until(other, "\"there\":false");
            Gateway.until(page, "\"whole\":true");
            Gateway.until(page, "event: client\n");
            Gateway.until(page, "\"there\":true");
        } finally {
            going.unregister();
        }
        Await.until("the pages are gone", () -> !Gateway.samples());
    }

    @Test
    void aQuestionThatIsNeverAnsweredIsAskedAgainWhenTheClientHasComeAgain() throws Exception {
        ServiceRegistration<?> there = register("odd", ResilientMqttClient.class, method -> method.equals("status")
                ? client.status() : method.equals("metrics") ? client.metrics() : (AutoCloseable) () -> {});
        ServiceRegistration<?> silent = register("odd", ClientInspector.class, method -> new CompletableFuture<>());
        try (InputStream page = gateway.stream(PAGE + "events?client=odd", "o").body()) {
            Gateway.until(page, "\"lanes\":null");
            Gateway.until(page, "\"lanes\":null");
            silent.unregister();
            ServiceRegistration<?> answers = register("odd", ClientInspector.class,
                    method -> CompletableFuture.completedStage(
                            method.equals("lanes") ? List.of(new ClientInspector.Lane(0, 4711, 0, 0, 0)) : List.of()));
            Gateway.until(page, "\"waiting\":4711");
            answers.unregister();
        } finally {
            there.unregister();
        }
        Await.until("the page is gone", () -> !Gateway.samples());
    }

    /** Registers what stands in for the service of a client. */
    private static ServiceRegistration<?> register(String name, Class<?> type, Function<String, Object> answers) {
        Object service = Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type },
                (self, method, arguments) -> switch (method.getName()) {
                    case "hashCode" -> name.hashCode();
                    case "equals" -> self == arguments[0];
                    case "toString" -> name;
                    default -> answers.apply(method.getName());
                });
        return gateway.context().registerService(type.getName(), service, new Hashtable<>(Map.of("mqtt.client", name)));
    }

    @Test
    void aTailWaitsForItsClient() throws Exception {
        try (InputStream waiting = gateway.stream(PAGE + "events?client=late&tail=late%2F%23", "l").body()) {
            Gateway.until(waiting, "\"there\":false");
            gateway.clients.connected("late", broker);
            waiting.readAllBytes(); // it ends: the browser asks anew
        }
        try (InputStream page = gateway.stream(PAGE + "events?client=late&tail=late%2F%23", "l").body()) {
            Gateway.until(page, "\"filter\":\"late/#\"");
        } finally {
            gateway.clients.delete("late");
        }
        Await.until("the page is gone", () -> !Gateway.samples());
    }

    @Test
    void aPageThatComesAgainHasItsTokenAndGetsTheAnswersOfWhatItAskedBefore() throws Exception {
        client.disconnect();
        try (InputStream first = gateway.stream(PAGE + "events?client=plant", "a").body()) {
            String token = token(first);
            String[] headers = { "X-Mqtt-Page", "a", "X-Mqtt-Token", token };
            assertEquals(202,
                    gateway.post(PAGE + "action", "do=publish&client=plant&topic=a&payload=b&qos=1&lane=2", headers)
                            .statusCode());
            Gateway.until(first, "is accepted");
            try (InputStream second = gateway.stream(PAGE + "events?client=plant", "a").body()) {
                assertEquals(token, token(second));
                assertEquals(202, gateway.post(PAGE + "action", "do=reconnect&client=plant", headers).statusCode());
                Gateway.until(second, "plant is paused, reconnect has no effect; connect resumes.");
                assertEquals(202, gateway.post(PAGE + "action", "do=connect&client=plant", headers).statusCode());
                Gateway.until(second, "is settled: DELIVERED");
            }
        } finally {
            client.connect();
            Clients.awaitConnected(client);
        }
        Await.until("the page is gone", () -> !Gateway.samples());
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
            assertTrue(page.headers().firstValue("Content-Security-Policy").orElse("")
                    .startsWith("default-src 'none'; script-src 'self'"));
            assertEquals(404, status(bare, "/mqtt/"));

            bare.configureConsole(Map.of("servlet.context", "itest.open"));
            Await.until("the page has moved", () -> status(bare, "/open/mqtt/") == 403);
            assertTrue(bare.get("/open/mqtt/", true).body().contains("servlet.context"));
            assertEquals(403, status(bare, "/open/mqtt/events"));
            assertEquals(404, status(bare, "/secured/mqtt/"));
        }
    }
}
