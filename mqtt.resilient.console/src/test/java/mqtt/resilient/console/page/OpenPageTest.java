package mqtt.resilient.console.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.WriteListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OpenPageTest {
    /** A browser that takes what it is asked to take. */
    private static final class Browser extends ServletOutputStream {
        private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
        private boolean reads;
        private boolean gone;

        @Override
        public boolean isReady() {
            return reads;
        }

        @Override
        public void setWriteListener(WriteListener listener) {
            // the test calls it
        }

        @Override
        public void write(int value) throws IOException {
            if (gone) {
                throw new IOException("gone");
            }
            taken.write(value);
        }

        private String text() {
            return taken.toString(StandardCharsets.UTF_8);
        }
    }

    private final Browser browser = new Browser();
    private final List<OpenPage> ended = new ArrayList<>();
    private int completed;
    private final OpenPage page = new OpenPage("key", "secret", "", "", null, context(), ended::add);

    private AsyncContext context() {
        ServletResponse response = (ServletResponse) Proxy.newProxyInstance(getClass().getClassLoader(),
                new Class<?>[] { ServletResponse.class }, (proxy, method, arguments) -> browser);
        return (AsyncContext) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { AsyncContext.class },
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "getResponse" -> response;
                    case "complete" -> {
                        completed++;
                        yield null;
                    }
                    default -> null;
                });
    }

    @Test
    void whatASlowBrowserDoesNotTakeIsLeftOutAndNothingWaitsForIt() throws Exception {
        page.open();
        page.onWritePossible();
        int sent = 0;
        while (page.send("a", String.valueOf(sent))) {
            sent++;
        }
        assertEquals(64, sent);
        assertEquals("", browser.text());
        browser.reads = true;
        page.onWritePossible();
        assertTrue(browser.text().startsWith("event: a\ndata: 0\n\nevent: a\ndata: 1\n\n"), browser.text());
        assertTrue(browser.text().endsWith("data: 63\n\n"));
        assertTrue(page.send("a", "later"));
        assertTrue(browser.text().endsWith("data: later\n\n"));
    }

    @Test
    void aBrowserThatTakesNothingForAMinuteOrIsLoggedInForLongIsLetGo() throws Exception {
        page.open();
        page.onWritePossible();
        assertFalse(page.isOver(System.nanoTime() + 61_000_000_000L), "nothing waits");
        page.send("a", "1");
        assertFalse(page.isOver(System.nanoTime() + 50_000_000_000L));
        assertTrue(page.isOver(System.nanoTime() + 61_000_000_000L));
        browser.reads = true;
        page.onWritePossible();
        assertFalse(page.isOver(System.nanoTime() + 61_000_000_000L), "it has taken all");
        assertFalse(page.isOld(System.nanoTime() + 890_000_000_000L));
        assertTrue(page.isOld(System.nanoTime() + 901_000_000_000L), "it is asked to come again");
        assertFalse(page.isOver(System.nanoTime() + 901_000_000_000L));
        assertTrue(page.isOver(System.nanoTime() + 931_000_000_000L), "it has not");
    }

    @Test
    void aBrowserThatHasGoneIsWrittenToNoMore() throws Exception {
        page.open();
        browser.reads = true;
        page.onWritePossible();
        browser.gone = true;
        assertFalse(page.send("a", "1"));
        page.onError(new IOException("gone"));
        page.close();
        assertEquals(List.of(page), ended);
        assertTrue(completed > 0);
        assertFalse(page.send("a", "2"));
    }

    @Test
    void onlyItsOwnTokenIsTaken() {
        assertTrue(page.hasToken("secret"));
        assertFalse(page.hasToken("secreT"));
        assertFalse(page.hasToken(""));
        assertFalse(page.hasToken(null));
    }
}
