package mqtt.resilient.itest;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.openqa.selenium.By;
import org.openqa.selenium.JavascriptException;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;

/** A headless Chromium that looks at the page. Use by one thread. */
final class Browser implements AutoCloseable {
    private static final int WIDTH = 1280;
    private static final int HEIGHT = 900;

    /** Tells that it does not know the newest protocol of the developer tools, which is not used. */
    private final Logger talkative = Logger.getLogger("org.openqa.selenium");

    final ChromeDriver driver;

    Browser() {
        talkative.setLevel(Level.SEVERE);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(Program.find("chromium").orElseThrow().toFile());
        options.addArguments("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--mute-audio", "--lang=en",
                "--window-size=" + WIDTH + "," + HEIGHT);
        Path program = Program.find("chromedriver").orElseThrow();
        ChromeDriverService service = new ChromeDriverService.Builder().usingDriverExecutable(program.toFile())
                .usingAnyFreePort()
                .withSilent(true).build();
        driver = new ChromeDriver(service, options);
    }

    /** {@return why there can be no browser; empty = there can} */
    static Optional<String> missing() {
        List<String> missing = List.of("chromium", "chromedriver").stream().filter(name -> Program.find(name).isEmpty())
                .toList();
        return missing.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", missing) + " not installed"
                + " (Debian: chromium, chromium-driver); the page is not tested in a browser");
    }

    /** Opens the page, looking at a client, and waits until it is live. */
    Browser open(Gateway gateway, String path, String client) {
        driver.get("about:blank"); // or it may be the same document
        driver.get(gateway.origin().replace("//", "//admin:admin@") + path + "#client=" + client);
        await("the page is live", "#stream", "Live");
        await("the client is shown", "#client-name", client);
        return this;
    }

    WebElement find(String selector) {
        return driver.findElement(By.cssSelector("#mqtt-console " + selector));
    }

    /** {@return the text of an element; empty = there is none} */
    String text(String selector) {
        return String.valueOf(script(
                "const e = document.querySelector('#mqtt-console ' + arguments[0]); return e ? e.textContent : ''",
                selector));
    }

    /** Waits until an element holds a text. */
    void await(String what, String selector, String text) {
        try {
            Await.until(what, () -> text(selector).contains(text));
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "; " + selector + " is \"" + text(selector) + "\"; console: "
                    + driver.manage().logs().get("browser").getAll(), e);
        }
    }

    Object script(String code, Object... arguments) {
        try {
            return driver.executeScript(code, arguments);
        } catch (StaleElementReferenceException | JavascriptException e) {
            throw new AssertionError(code + " failed: " + e.getMessage(), e);
        }
    }

    /** Fills in a field. */
    void type(String selector, String text) {
        WebElement field = find(selector);
        field.clear();
        field.sendKeys(text);
    }

    void click(String selector) {
        WebElement element = find(selector);
        script("arguments[0].scrollIntoView({block: 'center'})", element);
        element.click();
    }

    /** Shows the messages of a filter, and waits until the subscription is there. */
    void tail(String filter) {
        type("#filter", filter);
        click("#tail-form button[type=submit]");
        await("the subscription is granted", "#subscriptions", filter);
    }

    void dark(boolean dark) {
        driver.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features",
                List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
    }

    /** As large as a screen, in pixels of the page. */
    void size(int width, int height) {
        driver.executeCdpCommand("Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1,
                        "mobile", width < 600));
    }

    @Override
    public void close() {
        driver.quit();
    }
}
