package mqtt.resilient.itest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Authenticator;
import java.net.InetAddress;
import java.net.PasswordAuthentication;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import mqtt.resilient.itest.keeper.KeeperActivator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.osgi.framework.Constants;

/** The program {@code bin/gateway}, as a user runs it. */
@Timeout(300)
class GatewayScriptTest {
    private static final Duration LIMIT = Duration.ofSeconds(120);
    private static final int BUNDLES = 25;
    private static final String UP = "Up after";
    private static final String SECRET = "pa ss'wörd$1";
    private static final Pattern BUNDLE = Pattern.compile("\"state\":\"(\\w+)\"[^}]*?\"symbolicName\":\"([^\"]+)\"");

    @TempDir
    Path directory;
    private final String http = String.valueOf(TestBroker.freePort());
    private final String mqtt = String.valueOf(TestBroker.freePort());
    private final HttpClient browser = HttpClient.newBuilder().authenticator(new Authenticator() {
        @Override
        protected PasswordAuthentication getPasswordAuthentication() {
            return new PasswordAuthentication("admin", "admin".toCharArray());
        }
    }).build();
    private final List<Process> started = new ArrayList<>();
    private Path output;
    private Process process;

    @AfterEach
    void end() {
        for (Process each : started) {
            List<ProcessHandle> children = each.descendants().toList();
            each.destroyForcibly().onExit().join();
            children.forEach(ProcessHandle::destroyForcibly);
        }
    }

    private void run(List<String> command) throws IOException {
        output = directory.resolve("output" + started.size());
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        process = builder.start();
        started.add(process);
    }

    private static String script() {
        return GuidePage.root().resolve("bin/gateway").toString();
    }

    private List<String> gateway(String... flags) {
        List<String> command = new ArrayList<>(List.of(script(), "--http", http, "--directory", state().toString()));
        command.addAll(List.of(flags));
        return command;
    }

    private Path state() {
        return directory.resolve("state");
    }

    private String output() {
        try {
            return Files.readString(output);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private void awaitOutput(String text) {
        try {
            Await.until(text, () -> output().contains(text) || !process.isAlive(), LIMIT);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "\n" + output(), e);
        }
        assertTrue(output().contains(text), this::output);
    }

    private void startGateway(String... flags) throws IOException {
        run(gateway(flags));
        process.getOutputStream().close();
        awaitOutput(UP);
    }

    private void endInOrder() throws InterruptedException {
        process.destroy();
        assertEndsWith(0);
        assertTrue(output().endsWith("gateway: ended\n"), this::output);
    }

    private void assertEndsWith(int status) throws InterruptedException {
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), this::output);
        assertEquals(status, process.exitValue(), this::output);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|',
            textBlock = """
                    --http 0                                                | --http: "0" is not allowed; allowed: a port from 1 to 65535
                    --http 65536                                            | --http: "65536" is not allowed
                    --mqtt 18x3                                             | --mqtt: "18x3" is not allowed
                    --mqtt -1                                               | --mqtt: "-1" is not allowed
                    --http 1883                                             | --http and --mqtt: both are 1883
                    --broker http://127.0.0.1:1883                          | has the scheme "http"; allowed: mqtt, mqtts, ws, wss
                    --broker MQTT://127.0.0.1                               | has the scheme "MQTT"; allowed: mqtt, mqtts, ws, wss
                    --broker 127.0.0.1:1883                                 | "127.0.0.1:1883" is not allowed; allowed: mqtt://HOST[:PORT],
                    --broker mqtt://                                        | "mqtt://" is not allowed; allowed: mqtt://HOST[:PORT],
                    --broker mqtt://host:70000                              | "70000" is not allowed; allowed: a port from 1 to 65535
                    --broker mqtt://host:                                   | "" is not allowed; allowed: a port from 1 to 65535
                    --broker mqtt://ho!st                                   | "mqtt://ho!st" is not allowed
                    --broker mqtt://host/path                               | only ws and wss have a path
                    --broker mqtt://host,tcp://other                        | has the scheme "tcp"
                    --broker mqtt://host,                                   | "" is not allowed
                    --broker mqtt://me:secret@host                          | --broker: a user is not allowed in the URI; give it with --user NAME
                    --broker mqtt://host --mqtt 1884                        | --mqtt and --broker: both are given; allowed: one of the two
                    --user me                                               | --user: "me" needs --broker URI
                    --broker mqtt://host --user me                          | there is no terminal to ask for the password; allowed: --password-file FILE
                    --broker mqtt://host --password-file f                  | --password-file: "f" needs --user NAME
                    --broker mqtt://host --user me --password-file gone     | --password-file: "gone" is not allowed; allowed: a file that you can read
                    --broker mqtt://host --user me --password-file /        | --password-file: "/" is not allowed; allowed: a file that you can read
                    --broker mqtt://host --user me --password-file /etc/passwd | others can read "/etc/passwd"
                    --user --broker mqtt://host                             | --user needs a value
                    --directory /etc/passwd                                 | --directory: "/etc/passwd" is not allowed: it is a file; allowed: a directory
                    --directory /proc/nowhere                               | --directory: "/proc/nowhere" cannot be made
                    --seconds 0                                             | --seconds: "0" is not allowed
                    --seconds                                               | --seconds needs a value
                    --quick                                                 | "--quick" is not known
                    """)
    void aWrongFlagIsToldBeforeAnythingIsStarted(String flags, String message) throws Exception {
        run(Stream.concat(Stream.of(script()), Stream.of(flags.split(" +"))).toList());
        process.getOutputStream().close();
        assertEndsWith(2);
        assertTrue(output().contains(message), this::output);
        assertFalse(output().contains("secret"), this::output);
    }

    @Test
    void whatIsInstalledStoppedConfiguredAndPendingSurvivesARestartAndAKill() throws Exception {
        startGateway("--mqtt", mqtt);
        assertFalse(output().contains("Exception"), this::output);
        Map<String, String> all = bundles();
        assertEquals(BUNDLES, all.size(), all::toString);
        assertEquals("org.apache.felix.gogo.shell",
                all.entrySet().stream().filter(each -> !each.getValue().equals("Active"))
                        .map(Map.Entry::getKey).collect(Collectors.joining(" ")),
                all::toString); // without a terminal it is not started
        post("configMgr/%5BTemporary%20PID%20replaced%20by%20real%20PID%20upon%20save%5D", form("apply", "true",
                "factoryPid", "mqtt.resilient.client", "propertylist", "mqtt.client,brokers",
                "mqtt.client", "kept", "brokers", "mqtt://127.0.0.1:" + TestBroker.freePort()));
        install();
        awaitOutput("kept before: 0\n");
        awaitOutput("kept now: 100\n");
        assertFalse(output().contains("do not survive"), this::output);
        post("bundles/org.apache.felix.webconsole.plugins.event", "action=stop");
        assertNotEquals("Active", bundles().get("org.apache.felix.webconsole.plugins.event"));
        endInOrder();

        startGateway("--mqtt", mqtt);
        awaitOutput("kept before: 100\n");
        awaitOutput("kept now: 200\n");
        assertNotEquals("Active", bundles().get("org.apache.felix.webconsole.plugins.event"));
        assertEquals("Active", bundles().get("itest.keeper"));
        List<ProcessHandle> killed = process.descendants().toList();
        killed.forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
        Await.until("all processes are gone", () -> killed.stream().noneMatch(ProcessHandle::isAlive));

        startGateway("--mqtt", mqtt);
        awaitOutput("kept before: 200\n");
        assertNotEquals("Active", bundles().get("org.apache.felix.webconsole.plugins.event"));
        assertEquals(BUNDLES + 1, bundles().size());
        endInOrder();
    }

    @ParameterizedTest
    @ValueSource(strings = { "exit\n", "\u0004", "\u0003" })
    void inATerminalThereIsAPromptAndExitControlDAndControlCEndIt(String how) throws Exception {
        OutputStream keys = inATerminal("--mqtt", mqtt);
        awaitOutput("mqtt:explain demo ");
        awaitOutput("g! ");
        keys.write("mqtt:explain demo\n".getBytes(UTF_8));
        keys.flush();
        awaitOutput("demo has ");
        awaitOutput("g! mqtt:explain demo");
        Await.until("the prompt again", () -> output().endsWith("g! "));
        keys.write(how.getBytes(UTF_8));
        keys.flush();
        assertEndsWith(0);
        assertTrue(output().endsWith("gateway: ended\r\n"), this::output);
    }

    /**
     * In a pseudo terminal, which the program script makes. Its shell becomes the gateway: one that waited would end by
     * Ctrl-C.
     */
    private OutputStream inATerminal(String... flags) throws IOException {
        assumeTrue(Program.find("script").isPresent(), "there is no script (util-linux) on this machine");
        List<String> command = new ArrayList<>(
                ignoresInterrupts() ? List.of("env", "--default-signal=INT") : List.of());
        command.addAll(List.of("script", "-qefc", "exec " + String.join(" ", gateway(flags)), "/dev/null"));
        run(command);
        return process.getOutputStream();
    }

    /** Whether this build runs in the background of a shell: what it starts would not see Ctrl-C either. */
    private static boolean ignoresInterrupts() throws IOException {
        Path status = Path.of("/proc/self/status");
        return Files.isReadable(status) && Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .anyMatch(line -> (Long.parseUnsignedLong(line.substring("SigIgn:".length()).strip(), 16) & 2) != 0);
    }

    @Test
    void thePasswordOfAFileGetsToTheBrokerAndNowhereElse() throws Exception {
        Path file = Files.writeString(directory.resolve("password"), SECRET + "\nnot this\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        try (ServerSocket broker = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            run(gateway("--broker", "mqtt://127.0.0.1:" + broker.getLocalPort(), "--user", "me", "--password-file",
                    file.toString()));
            assertLogsIn(broker);
        }
        assertIsSecret();
    }

    @Test
    void thePasswordThatIsAskedForGetsToTheBrokerAndNowhereElse() throws Exception {
        try (ServerSocket broker = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            OutputStream keys = inATerminal("--broker", "mqtt://127.0.0.1:" + broker.getLocalPort(), "--user", "me");
            awaitOutput("Password of me for mqtt://127.0.0.1:" + broker.getLocalPort() + ": ");
            keys.write((SECRET + "\n").getBytes(UTF_8));
            keys.flush();
            assertLogsIn(broker);
        }
        assertIsSecret();
    }

    private void assertLogsIn(ServerSocket broker) throws IOException {
        broker.setSoTimeout(60_000);
        while (true) { // a connection that is given up for a changed configuration brings nothing
            try (Socket client = broker.accept()) {
                InputStream in = client.getInputStream();
                if (in.read() == 0x10) { // CONNECT
                    String packet = new String(in.readNBytes(in.read()), UTF_8); // shorter than 128 bytes
                    assertTrue(packet.contains("me") && packet.endsWith(SECRET), packet);
                    return;
                }
            }
        }
    }

    private void assertIsSecret() throws IOException, InterruptedException {
        awaitOutput(UP);
        assertFalse(
                ProcessHandle.allProcesses().anyMatch(each -> each.info().commandLine().orElse("").contains(SECRET)));
        assertEquals("rwx------",
                PosixFilePermissions.toString(Files.getPosixFilePermissions(state().resolve("configuration"))));
        process.descendants().filter(each -> each.info().commandLine().orElse("").contains("bin/gateway"))
                .forEach(ProcessHandle::destroy);
        process.destroy();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), this::output);
        assertFalse(output().contains(SECRET), this::output);
        assertFalse(output().contains("pa ss"), this::output);
        try (Stream<Path> files = Files.walk(state())) {
            List<Path> holding = files.filter(Files::isRegularFile).filter(GatewayScriptTest::holdsTheSecret).toList();
            assertTrue(holding.stream().allMatch(each -> each.startsWith(state().resolve("configuration"))),
                    holding::toString);
        }
    }

    private static boolean holdsTheSecret(Path file) {
        try {
            return new String(Files.readAllBytes(file), UTF_8).contains("pa ss");
        } catch (IOException e) {
            return false;
        }
    }

    private static String form(String... keysAndValues) {
        List<String> pairs = new ArrayList<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            pairs.add(keysAndValues[i] + "=" + URLEncoder.encode(keysAndValues[i + 1], UTF_8));
        }
        return String.join("&", pairs);
    }

    private HttpRequest.Builder console(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http + "/system/console/" + path));
    }

    private void post(String path, String form) throws IOException, InterruptedException {
        send(console(path).header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form)).build());
    }

    private String send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> answer = browser.send(request, HttpResponse.BodyHandlers.ofString());
        assertTrue(answer.statusCode() < 400, () -> request.uri() + ": " + answer.statusCode() + " " + answer.body());
        return answer.body();
    }

    /** {@return the states of the bundles, but for the framework, by symbolic name} */
    private Map<String, String> bundles() {
        try {
            Map<String, String> states = new TreeMap<>();
            Matcher bundle = BUNDLE.matcher(send(console("bundles.json").build()));
            while (bundle.find()) {
                states.put(bundle.group(2), bundle.group(1));
            }
            states.remove("org.apache.felix.framework");
            return states;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Map.of();
        }
    }

    /** Installs and starts the bundle with {@link KeeperActivator}, as the web console's form does. */
    private void install() throws IOException, InterruptedException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (String field : List.of("action=install", "bundlestart=start", "bundlestartlevel=1")) {
            String[] pair = field.split("=");
            body.writeBytes(
                    ("--part\r\nContent-Disposition: form-data; name=\"" + pair[0] + "\"\r\n\r\n" + pair[1] + "\r\n")
                            .getBytes(UTF_8));
        }
        body.writeBytes(("--part\r\nContent-Disposition: form-data; name=\"bundlefile\"; filename=\"keeper.jar\"\r\n"
                + "Content-Type: application/java-archive\r\n\r\n").getBytes(UTF_8));
        body.writeBytes(keeper());
        body.writeBytes("\r\n--part--\r\n".getBytes(UTF_8));
        send(console("bundles").header("Content-Type", "multipart/form-data; boundary=part")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray())).build());
    }

    private static byte[] keeper() throws IOException {
        Manifest manifest = new Manifest();
        Attributes headers = manifest.getMainAttributes();
        headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        headers.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
        headers.putValue(Constants.BUNDLE_SYMBOLICNAME, "itest.keeper");
        headers.putValue(Constants.BUNDLE_ACTIVATOR, KeeperActivator.class.getName());
        headers.putValue(Constants.IMPORT_PACKAGE, "org.osgi.framework,org.osgi.util.tracker,mqtt.resilient.api");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JarOutputStream jar = new JarOutputStream(bytes, manifest)) {
            for (String name : List.of("KeeperActivator", "KeeperActivator$1")) {
                String path = "mqtt/resilient/itest/keeper/" + name + ".class";
                jar.putNextEntry(new ZipEntry(path));
                try (InputStream in = KeeperActivator.class.getResourceAsStream("/" + path)) {
                    in.transferTo(jar);
                }
                jar.closeEntry();
            }
        }
        return bytes.toByteArray();
    }
}
