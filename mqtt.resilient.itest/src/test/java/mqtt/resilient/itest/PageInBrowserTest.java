package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.StoreHealth;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceRegistration;

/** The page as somebody sees it: a real browser, the Felix web console, a real broker. */
@Tag("full")
@Timeout(180)
class PageInBrowserTest {
    private static final String PAGE = "/system/console/mqtt";
    /** Without the console's frame, under our own Content-Security-Policy. */
    private static final String ALONE = "/system/console/mqtt/page/";
    private static TestBroker broker;
    private static Gateway gateway;
    private static Browser browser;
    private static ResilientMqttClient client;

    @BeforeAll
    static void start() {
        if (Browser.missing().isPresent()) {
            return;
        }
        broker = new TestBroker().start();
        gateway = new Gateway();
        client = gateway.clients.connected("plant", broker);
        browser = new Browser();
    }

    @BeforeEach
    void requireBrowser() {
        assumeTrue(Browser.missing().isEmpty(), () -> Browser.missing().orElseThrow());
    }

    @AfterAll
    static void stop() throws Exception {
        if (browser != null) {
            browser.close();
        }
        if (gateway != null) {
            gateway.close();
            broker.close();
        }
    }

    @Test
    void aCutAndTheRecoveryAreShownAsTheyHappen() throws Exception {
        try (TestBroker mortal = new TestBroker().start()) {
            ResilientMqttClient cut = gateway.clients.connected("cut", mortal, "backoff.min.ms", 3000,
                    "backoff.max.seconds", 4);
            browser.open(gateway, PAGE, "cut");
            browser.script("window.sameDocument = true");
            browser.await("it is online", "#state", "online");
            mortal.kill();
            browser.await("the cut is told", "#state", "waiting");
            browser.await("so is the next attempt", "#next", "next attempt in");
            browser.await("and why", "#explain", "cut has not been connected for");
            browser.await("the outage goes on", "#outages", "now");
            cut.publish(Message.to("cut/a").payload("kept").build());
            browser.await("the backlog", "#now-backlog", "1");
            browser.await("the list says so too, with the backlog", "#clients [aria-current]", "1 pending");
            assertTrue(
                    browser.text("#clients [aria-current]")
                            .matches("(?s)cut\\s*\\w+ since \\d\\d:\\d\\d:\\d\\d, 1 pending"),
                    browser.text("#clients [aria-current]"));
            assertTrue(browser.text("#clients li:first-child").startsWith("cut"), "what is in trouble is the first");
            assertEquals("not connected", browser.script("return document.querySelector('#aloud').textContent"));
            mortal.start();
            browser.await("the recovery is told", "#state", "online");
            browser.await("the backlog is gone", "#now-backlog", "0");
            Await.until("the outage has an end", () -> !browser.text("#outages tbody").contains("now"));
            browser.await("the events are there", "#events", "disconnected");
            assertEquals(true, browser.script("return window.sameDocument"), "the page was not loaded again");
            gateway.clients.delete("cut");
            browser.await("the client has gone", "#state", "gone");
            assertEquals(0L, browser
                    .script("return document.querySelectorAll('#lanes tbody tr, #actions button:enabled').length"));
        }
    }

    @Test
    void whatAMessageHoldsIsShownAsHarmlessText() {
        browser.open(gateway, ALONE, "plant");
        browser.tail("evil/#");
        String title = browser.driver.getTitle();
        publish("evil/<script>document.title='owned'</script>", "<img src=x onerror=\"document.title='owned'\">"
                .getBytes(StandardCharsets.UTF_8));
        publish("evil/\u202ertl\u2066", "safe \u202eexe.txt\u0007\udb40\udc41".getBytes(StandardCharsets.UTF_8));
        publish("evil/invalid", new byte[] { (byte) 0xff, (byte) 0xfe, 'a' });
        publish("evil/large", "x".repeat(1_000_000).getBytes(StandardCharsets.UTF_8));
        browser.await("the markup as text", "#tail", "<img src=x onerror=\"document.title='owned'\">");
        browser.await("the topic as text", "#tail", "evil/<script>document.title='owned'</script>");
        browser.await("what turns the direction is shown", "#tail",
                "safe \u2039U+202E\u203aexe.txt\u2039U+0007\u203a\u2039U+E0041\u203a");
        browser.await("in the topic too", "#tail", "evil/\u2039U+202E\u203artl\u2039U+2066\u203a");
        browser.await("no text as hex", "#tail", "ff fe 61");
        browser.await("a cut with the length", "#tail", "cut, 1,000,000 bytes in all");
        assertEquals(0L, browser.script("return document.querySelectorAll('#tail img, #tail script').length"));
        assertEquals(title, browser.driver.getTitle());
        assertTrue((Long) browser.script("return document.querySelector('#tail').textContent.length") < 10_000);
        browser.click("#tail-stop");
        Await.until("the subscription ends with the tail", () -> !browser.text("#subscriptions").contains("evil/#"));
    }

    @Test
    void tenThousandMessagesASecondDoNotFreezeThePage() throws Exception {
        browser.open(gateway, PAGE, "plant");
        browser.tail("fast/#");
        browser.script("window.longest = 0; let before = performance.now(); window.timer = setInterval(() => {"
                + "const now = performance.now(); window.longest = Math.max(window.longest, now - before); before = "
                + "now; }, 20)");
        long received = client.metrics().received();
        long start = System.nanoTime();
        int sent = 0;
        for (int round = 0; round < 400; round++) { // four seconds
            for (int i = 0; i < 100; i++, sent++) {
                client.publish(Message.to("fast/" + i).payload("reading " + sent).qos(Qos.AT_MOST_ONCE).build());
            }
            long due = start + (round + 1) * 10_000_000L;
            LockSupport.parkNanos(due - System.nanoTime());
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        browser.await("the rest is counted", "#tail", "skipped");
        browser.type("#filter", "typed meanwhile");
        assertEquals("typed meanwhile", browser.script("return document.querySelector('#filter').value"));
        double longest = ((Number) browser.script("clearInterval(window.timer); return window.longest")).doubleValue();
        long rows = (Long) browser.script("return document.querySelector('#tail').tBodies[0].rows.length");
        System.out.printf("%,.0f messages per second published, %,d received back, longest pause of the page %.0f ms%n",
                sent / seconds,
                client.metrics().received() - received, longest);
        assertTrue(rows <= 100, "rows: " + rows);
        assertTrue(longest < 1000, "longest pause: " + longest + " ms");
        browser.click("#tail-stop");
    }

    @Test
    void twoBrowsersSeeTheSameAndCostNothingWhenTheyAreClosed() {
        browser.open(gateway, PAGE, "plant");
        try (Browser second = new Browser()) {
            second.open(gateway, ALONE, "plant");
            browser.tail("both/#");
            second.tail("both/#");
            browser.type("#topic", "both/a");
            browser.type("#payload", "from the first");
            browser.click("#publish-form button[type=submit]");
            browser.await("it is told what became of it", "#answer", "DELIVERED");
            browser.await("the first sees it", "#tail", "from the first");
            second.await("so does the second", "#tail", "from the first");
        }
        browser.await("the first goes on", "#stream", "Live");
        assertTrue(Gateway.samples());
        browser.driver.get("about:blank");
        Await.until("nothing runs for the page any more", () -> !Gateway.samples());
    }

    @Test
    void theButtonsActAndAskBeforeTheyDrop() {
        browser.open(gateway, PAGE, "plant");
        browser.click("[data-do=ping]");
        browser.await("the ping is told", "#answer", "plant: the broker answers");
        browser.click("[data-do=disconnect]");
        browser.await("it is paused", "#state", "paused");
        browser.await("what can be done is offered", "[data-do=connect]:enabled", "Connect");
        assertEquals(2L, browser.script("return document.querySelectorAll('#actions button:disabled').length"),
                "disconnect, reconnect");
        browser.click("[data-do=ping]");
        browser.await("nobody was asked", "#answer", "plant: not connected: disconnect() was called");
        client.publish(Message.to("drop/a").payload("1").lane(3).build());
        client.publish(Message.to("drop/b").payload("2").lane(3).build());
        browser.await("they wait", "#lanes tbody tr:nth-child(4) td:nth-child(2)", "2");
        browser.click("#lanes tbody tr:nth-child(4) button:first-child");
        browser.await("the oldest are shown", "#waiting", "drop/a");
        browser.click("#lanes tbody tr:nth-child(4) .danger");
        browser.await("the question", "#cancel-words", "2 messages of lane 3 bulk of the client “plant”");
        browser.click("#cancel button[value=no]");
        assertEquals(2, client.metrics().pending());
        browser.click("#lanes tbody tr:nth-child(4) .danger");
        browser.click("#cancel button[value=yes]");
        browser.await("it is told", "#answer", "2 messages of lane 3 cancelled.");
        assertEquals(0, client.metrics().pending());
        assertFalse(browser.find("#waiting").isDisplayed(), "what it showed is gone");
        browser.click("[data-do=connect]");
        browser.await("it is online again", "#state", "online");
    }

    @Test
    void thePageComesBackByItselfWhenItsBundleIsRestarted() throws Exception {
        browser.open(gateway, PAGE, "plant");
        browser.tail("again/#");
        Bundle console = Stream.of(gateway.context().getBundles())
                .filter(each -> "mqtt.resilient.console".equals(each.getSymbolicName()))
                .findFirst().orElseThrow();
        console.stop();
        browser.await("it is told that nothing is live", "#stream", "Not live");
        assertFalse(Gateway.samples());
        console.start();
        browser.await("it is live again", "#stream", "Live");
        browser.await("with its tail", "#subscriptions", "again/#");
        publish("again/a", "here again".getBytes(StandardCharsets.UTF_8));
        browser.await("that goes on", "#tail", "here again");
    }

    @Test
    void aFilterThatIsNotAllowedIsToldAndTheRestGoesOn() {
        browser.open(gateway, PAGE, "plant");
        browser.type("#filter", "a/#/b");
        browser.click("#tail-form button[type=submit]");
        browser.await("what is wrong", "#tail-note", "a/#/b");
        browser.await("the page goes on", "#stream", "Live");
    }

    @Test
    void amongAThousandClientsOneIsFoundAtOnce() throws Exception {
        List<ServiceRegistration<?>> made = new ArrayList<>();
        try {
            for (int i = 0; i < 1000; i++) {
                made.add(gateway.context().registerService(ResilientMqttClient.class, idle("site-" + i),
                        new Hashtable<>(Map.of("mqtt.client", "site-" + i))));
            }
            browser.open(gateway, PAGE, "plant");
            browser.await("all are counted", "#count", "1,001 clients");
            assertEquals(200L, browser.script("return document.querySelectorAll('#clients li').length"));
            browser.find("#search").sendKeys("site-777");
            browser.await("the one", "#clients", "site-777");
            assertEquals(1L, browser.script("return document.querySelectorAll('#clients li').length"));
            browser.find("#search").sendKeys(Keys.TAB, Keys.TAB, Keys.ENTER); // past "only those", to the only client
            browser.await("is shown", "#client-name", "site-777");
            browser.await("with its state", "#state", "waiting");
            assertEquals("client-name", browser.script("return document.activeElement.id"), "where the focus is");
        } finally {
            made.forEach(ServiceRegistration::unregister);
        }
    }

    /** Stands in for a client that does nothing. */
    private static ResilientMqttClient idle(String name) {
        ClientStatus status = new ClientStatus(name, ConnectionState.WAITING, Instant.now(), "refused",
                "mqtt://127.0.0.1:1", name, "5", 3,
                Duration.ofSeconds(9), false, "", 0, BrokerLimits.NONE, StoreHealth.OK, "", List.of());
        return (ResilientMqttClient) Proxy.newProxyInstance(ResilientMqttClient.class.getClassLoader(),
                new Class<?>[] { ResilientMqttClient.class }, (proxy, method, arguments) -> switch (method.getName()) {
                    case "status" -> status;
                    case "metrics" -> client.metrics();
                    case "addConnectionListener" -> (AutoCloseable) () -> {};
                    case "hashCode" -> name.hashCode();
                    case "equals" -> proxy == arguments[0];
                    case "toString" -> name;
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    @Test
    void everyFieldAndButtonHasANameAndThePageHasLandmarks() {
        browser.open(gateway, ALONE, "plant");
        browser.await("the lanes are there", "#lanes tbody", "lane 0 alarm");
        int named = 0;
        for (WebElement each : browser.driver.findElements(By.cssSelector("input, select, textarea, button"))) {
            if (each.isDisplayed()) {
                assertNotEquals("", each.getAccessibleName(), each.getTagName() + " " + each.getDomAttribute("id"));
                named++;
            }
        }
        assertTrue(named > 25, "fields and buttons: " + named);
        assertEquals(4L,
                browser.script("return document.querySelectorAll('header, nav, main, [role=status]#aloud').length"));
        assertEquals("en", browser.script("return document.documentElement.lang"));
    }

    @Test
    void bothThemesAreReadableAndAPhoneNeedsNoScrollingSideways() {
        try {
            browser.size(1280, 1000);
            browser.open(gateway, ALONE, "plant");
            browser.await("figures", "#now-out", "0");
            for (boolean dark : new boolean[] { false, true }) {
                browser.dark(dark);
                for (String selector : List.of("#explain", "#stream", "#state", "th", "button", "#count", "dt")) {
                    double contrast = ((Number) browser.script(CONTRAST, selector)).doubleValue();
                    assertTrue(contrast >= 4.5, selector + (dark ? " dark" : " light") + ": contrast " + contrast);
                }
            }
            browser.dark(false);
            browser.size(390, 844);
            Await.until("it fits", () -> (Boolean) browser.script(
                    "return document.documentElement.scrollWidth <= window.innerWidth && window.innerWidth === 390"));
        } finally {
            browser.driver.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
            browser.dark(false);
        }
    }

    /** Of the text of an element against what is behind it (WCAG 2, relative luminance). */
    private static final String CONTRAST = """
            const light = text => { const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map(n => n / 255)
                .map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
            let node = document.querySelector('#mqtt-console ' + arguments[0]);
            const ink = light(getComputedStyle(node).color);
            let paper = getComputedStyle(node).backgroundColor;
            while (/, 0\\)$/.test(paper) && node.parentElement) { node = node.parentElement; paper = getComputedStyle(node).backgroundColor; }
            const [high, low] = [ink, light(paper)].sort((a, b) => b - a);
            return (high + .05) / (low + .05);
            """;

    /**
     * With {@code -Dtests.excluded=none -Dpage.screenshots=../docs/images}: it takes a minute, and a test run leaves
     * the checkout as it is.
     */
    @Test
    @Tag("on-demand")
    @EnabledIfSystemProperty(named = "page.screenshots", matches = ".+",
            disabledReason = "-Dpage.screenshots names no directory")
    @Timeout(180)
    void thePicturesOfTheDocumentationAreTaken() throws Exception {
        try (TestBroker mortal = new TestBroker().start()) {
            ResilientMqttClient line = gateway.clients.connected("line-2", mortal, "backoff.min.ms", 6000,
                    "backoff.max.seconds", 8);
            gateway.clients.configure("pump", "mqtt://127.0.0.1:" + TestBroker.freePort(), "backoff.min.ms", 60_000,
                    "backoff.max.seconds", 60);
            browser.size(1280, 1000);
            browser.open(gateway, ALONE, "line-2");
            browser.tail("plant/+/temperature");
            Flow flow = new Flow(line, "plant/boiler/temperature", 5000, Duration.ofMillis(17));
            awaitSamples(20);
            mortal.kill();
            awaitSamples(32);
            mortal.start();
            browser.await("the recovery", "#state", "online");
            awaitSamples(60);
            browser.script("scrollTo(0, 0)");
            for (boolean dark : new boolean[] { false, true }) {
                browser.dark(dark);
                picture(dark ? "console-dark.png" : "console-light.png");
            }
            browser.dark(false);
            browser.size(390, 844);
            browser.script("scrollTo(0, 250)");
            Await.until("the charts fit", () -> (Boolean) browser.script(
                    "return document.documentElement.scrollWidth <= window.innerWidth && window.innerWidth === 390"));
            awaitSamples(62);
            picture("console-phone.png");
            flow.close();
        } finally {
            gateway.clients.delete("line-2", "pump");
            browser.driver.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
            browser.dark(false);
        }
    }

    private static void awaitSamples(int count) {
        Object first = browser.script("return window.firstSample ??= performance.now()");
        Await.until(count + " samples",
                () -> ((Number) browser.script("return performance.now() - arguments[0]", first)).doubleValue() > count
                        * 1000,
                Duration.ofSeconds(count + 20));
    }

    private static void picture(String name) throws IOException {
        Files.write(Path.of(System.getProperty("page.screenshots"), name),
                browser.driver.getScreenshotAs(OutputType.BYTES));
    }

    private static void publish(String topic, byte[] payload) {
        client.publish(Message.to(topic).payload(payload).build());
    }
}
