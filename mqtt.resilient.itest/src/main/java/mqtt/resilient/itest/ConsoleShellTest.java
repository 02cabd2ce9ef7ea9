package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.osgi.framework.InvalidSyntaxException;

/** The shell commands, typed into a session with plain streams, as over a telnet console. */
class ConsoleShellTest extends FrameworkTest {
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private CommandProcessor processor;

    @BeforeEach
    void waitForTheCommands() throws Exception {
        processor = context.getService(context.getServiceReference(CommandProcessor.class));
        Await.until("the commands", () -> {
            try {
                return context.getServiceReferences((String) null, "(osgi.command.scope=mqtt)") != null;
            } catch (InvalidSyntaxException e) {
                throw new IllegalArgumentException(e);
            }
        });
    }

    /** Types a command and gives what it prints. */
    private String type(String command) throws Exception {
        return type(command, InputStream.nullInputStream());
    }

    private String type(String command, InputStream keyboard) throws Exception {
        output.reset();
        PrintStream screen = new PrintStream(output, true, StandardCharsets.UTF_8);
        try (CommandSession session = processor.createSession(keyboard, screen, screen)) {
            Object result = session.execute(command);
            screen.print(result == null ? "" : result);
        }
        screen.flush();
        return screen();
    }

    private String screen() {
        return output.toString(StandardCharsets.UTF_8);
    }

    private static InputStream keys(String keys) {
        byte[] bytes = keys.getBytes(StandardCharsets.UTF_8);
        return new InputStream() {
            private int position;

            @Override
            public int read() { // comes later than the question, so that available() is 0 before it
                return position < bytes.length ? bytes[position++] : -1;
            }
        };
    }

    /** Wherever lines are broken and columns begin. */
    private static void assertShown(String shown, String part) {
        assertTrue(oneLine(shown).contains(oneLine(part)), () -> "\"" + part + "\" is not in:\n" + shown);
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\s+", " ");
    }

    @Test
    void theOnlyClientNeedNotBeNamed() throws Exception {
        clients.connected("shell", broker);
        assertShown(type("mqtt:status"), " connected since ");
        assertShown(type("mqtt:clients"), broker.uri());
        assertShown(type("mqtt:ping"), "shell: the broker answers; round trip ");
        assertShown(type("mqtt:wan"), "shell: the wide area network is reachable");
        assertShown(type("mqtt:explain"), "shell has been connected to " + broker.uri() + " for ");
        clients.connected("other", broker);
        String error = assertThrows(IllegalArgumentException.class, () -> type("mqtt:ping")).getMessage();
        assertEquals("which client? Configured: other, shell; usage: ping [client]", error);
        assertShown(type("mqtt:status"), "other");
        assertShown(type("mqtt:ping other"), "other: the broker answers");
        assertEquals("there is no client \"nobody\"; configured: other, shell",
                assertThrows(IllegalArgumentException.class, () -> type("mqtt:status nobody")).getMessage());
    }

    @Test
    void aMessageIsPublishedAndShownByTail() throws Exception {
        ResilientMqttClient client = clients.connected("shell", broker);
        CompletableFuture<String> tail = CompletableFuture.supplyAsync(() -> {
            try {
                return type("mqtt:tail shell/# -n 2 -t 50");
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        Await.until("the subscription of tail", () -> {
            Await.result(
                    client.publish(Message.to("shell/a").payload("\u001b[2J\u202etxt").qos(Qos.AT_LEAST_ONCE).build())
                            .delivered());
            return tail.isDone();
        });
        String shown = tail.join();
        assertShown(shown, "q0 shell/a \\u001B[2J\\u202Etxt");
        assertShown(shown, "2 messages (-n reached)");
        assertFalse(shown.contains("\u001b"), shown);
        Inbox inbox = Inbox.subscribed(client, "typed");
        assertShown(type("mqtt:publish typed 'a b c'"), "is delivered");
        assertShown(type("mqtt:publish shell typed 007 -q 2"), "is delivered");
        assertShown(type("mqtt:publish shell typed 1e3"), "is delivered");
        inbox.awaitTexts("a b c", "007", "1e3");
    }

    @Test
    void tailEndsWithAKeyAndWithTime() throws Exception {
        clients.connected("shell", broker);
        assertShown(type("mqtt:tail nothing -t 1"), "0 messages (time is up)");
        AtomicInteger keys = new AtomicInteger();
        CompletableFuture<String> tail = CompletableFuture.supplyAsync(() -> {
            try {
                return type("mqtt:subscribe nothing -t 50", new InputStream() {
                    @Override
                    public int read() {
                        return keys.getAndDecrement() > 0 ? 'q' : -1;
                    }

                    @Override
                    public int available() {
                        return keys.get();
                    }
                });
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        Await.until("the end of tail", () -> {
            keys.compareAndSet(0, 1); // one before the beginning does not count
            return tail.isDone();
        });
        assertShown(tail.join(), "0 messages (a key)");
    }

    @Test
    void aBacklogIsShownAndCancelledOnlyAfterAYes() throws Exception {
        clients.configure("shell", "mqtt://127.0.0.1:" + TestBroker.freePort());
        ResilientMqttClient client = clients.service("shell");
        for (int i = 0; i < 30; i++) {
            Await.result(client.publish(Message.to("back/log").payload("x").lane(3).build()).stored());
        }
        Await.result(client.publish(Message.to("stays").payload("x").build()).stored());
        assertShown(type("mqtt:queue"), "lane 3  30");
        String waiting = type("mqtt:queue shell -l 3 -n 5");
        assertEquals(1 + 5, waiting.lines().count(), waiting);
        assertShown(waiting, "back/log");
        assertShown(type("mqtt:explain"), "31 messages are pending");
        assertShown(type("mqtt:cancel -l 3", keys("no\r\n")), "Nothing is cancelled.");
        assertShown(type("mqtt:cancel -l 3"), "Nothing is cancelled."); // nobody is there to be asked
        assertEquals(31, client.metrics().pending());
        assertShown(type("mqtt:cancel -l 3", keys("yes\r\n")), "shell: 30 messages cancelled");
        assertEquals(30, client.metrics().cancelled());
        assertShown(type("mqtt:cancel --all --yes"), "shell: 1 message cancelled");
        assertEquals(0, client.metrics().pending());
        assertShown(type("mqtt:cancel --all --yes"), "no message waits");
        assertThrows(IllegalArgumentException.class, () -> type("mqtt:cancel"));
        assertShown(type("mqtt:deadletters"), "shell: no dead letters.");
        assertThrows(IllegalArgumentException.class, () -> type("mqtt:deadletters --drop 1"));
        assertThrows(IllegalArgumentException.class, () -> type("mqtt:deadletters --drop all --resend all"));
    }

    @Test
    void aClientIsPausedAndResumedAndItsEventsAreShown() throws Exception {
        ResilientMqttClient client = clients.connected("shell", broker);
        assertShown(type("mqtt:connect"), "shell: is already connected; reconnect makes a new connection.");
        assertShown(type("mqtt:disconnect"), "shell: disconnects and stays paused until connect.");
        Await.until("the pause", () -> !client.isConnected());
        assertShown(type("mqtt:explain shell"), "It stays paused until mqtt:connect.");
        assertShown(type("mqtt:reconnect"), "shell: is paused, reconnect has no effect; connect resumes.");
        assertShown(type("mqtt:ping"), "shell: not connected: disconnect() was called");
        assertShown(type("mqtt:clients").replaceAll("\\s+", " "), "disconnect() was called");
        assertShown(type("mqtt:connect"), "shell: connects.");
        Clients.awaitConnected(client);
        long connections = client.metrics().connections();
        type("mqtt:reconnect");
        Await.until("another connection", () -> client.metrics().connections() > connections);
        Await.until("the events", () -> {
            String events = shown("mqtt:events shell");
            return events.contains("CONNECTED") && events.contains("DISCONNECTED") && events.contains("CONFIGURATION")
                    && events.contains("disconnect() was called");
        });
    }

    @Test
    void anOutageLastsFromItsBeginningWhateverIsTriedMeanwhile() throws Exception {
        ResilientMqttClient client = clients.connected("shell", broker, "backoff.min.ms", 100, "backoff.max.seconds",
                1);
        broker.stop();
        Await.until("the cut", () -> !client.isConnected());
        Await.until("an outage of seconds, though no state lasts for more than one", () -> Pattern
                .compile("(WAITING|RESOLVING|CONNECTING|HANDSHAKE) +[3-9] s").matcher(shown("mqtt:clients")).find());
        assertShown(shown("mqtt:explain"), "shell has not been connected for ");
        Await.until("the first and the latest of the attempts", () -> shown("mqtt:events").contains("; the first at "));
    }

    private String shown(String command) {
        try {
            return type(command);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aSubscriptionIsShownWithWhoListens() throws Exception {
        ResilientMqttClient client = clients.connected("shell", broker);
        Await.result(client.subscribe("some/+", SubscribeOptions.qos(Qos.AT_LEAST_ONCE), message -> {}).result());
        String shown = type("mqtt:subscriptions");
        assertShown(shown, "some/+");
        assertShown(shown, "QoS 1");
        assertShown(shown, "ConsoleShellTest (lambda)");
    }

    @Test
    void helpNamesArgumentsAndPurpose() throws Exception {
        String help = type("help mqtt:tail");
        assertShown(help, "shows received messages");
        assertShown(help, "[client] filter [-n count] [-t seconds]");
    }

    @Test
    void noLineIsTooLongForATerminal() throws Exception {
        clients.configure("shell", "mqtt://127.0.0.1:" + TestBroker.freePort());
        clients.service("shell").publish(Message.to("a/very/long/topic/".repeat(20)).payload("x").build());
        for (String command : new String[] { "status", "clients", "queue", "queue -l 2", "events", "subscriptions",
            "explain" }) {
            type("mqtt:" + command).lines().forEach(line -> assertTrue(line.length() <= 100, command + ": " + line));
        }
    }
}
