package mqtt.resilient.itest;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Authenticator;
import java.net.PasswordAuthentication;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import mqtt.resilient.itest.login.LoginActivator;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;
import org.osgi.service.cm.ConfigurationAdmin;

/**
 * The bundles of {@code bin/gateway} in a Felix of the test's own JVM, but for the demo bundle, so that the test makes
 * its clients. The packages of the api are the test's own.
 */
final class Gateway implements AutoCloseable {
    private static final String NOT_INSTALLED = "(mqtt\\.resilient\\.(api|demo)"
            + "|org\\.apache\\.felix\\.gogo\\.(shell|command))-.+";
    private static final HttpClient PLAIN = HttpClient.newHttpClient();

    final Clients clients;
    private final int port = TestBroker.freePort();
    private final Framework framework;
    private final Path directory;
    private final HttpClient loggedIn = HttpClient.newBuilder().authenticator(new Authenticator() {
        @Override
        protected PasswordAuthentication getPasswordAuthentication() {
            return new PasswordAuthentication("admin", "admin".toCharArray());
        }
    }).build();

    /** With the web console. */
    Gateway() {
        this(name -> true);
    }

    /** @param wanted which of the bundles are installed, by file name */
    Gateway(Predicate<String> wanted) {
        try {
            directory = Files.createTempDirectory("itest-gateway");
            framework = new org.apache.felix.framework.FrameworkFactory().newFramework(new HashMap<>(Map.of(
                    Constants.FRAMEWORK_STORAGE, directory.resolve("framework").toString(),
                    Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
                    "mqtt.resilient.api;version=1.0.0,mqtt.resilient.spi;version=1.0.0,"
                            + "mqtt.resilient.spi.packet;version=1.0.0,org.osgi.service.cm;version=1.6.0",
                    "org.apache.felix.http.host", "127.0.0.1", "org.osgi.service.http.port", String.valueOf(port))));
            framework.start();
            List<Bundle> bundles = new ArrayList<>();
            try (Stream<Path> files = Files.list(Path.of(System.getProperty("gateway.bundles")))) {
                for (Path each : files.sorted().toList()) {
                    String name = each.getFileName().toString();
                    if (!name.matches(NOT_INSTALLED) && wanted.test(name)) {
                        bundles.add(context().installBundle(each.toUri().toString()));
                    }
                }
            }
            for (Bundle bundle : bundles) {
                if (bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
                    bundle.start();
                }
            }
            clients = new Clients(context());
        } catch (IOException | BundleException e) {
            throw new IllegalStateException(e);
        }
    }

    BundleContext context() {
        return framework.getBundleContext();
    }

    String origin() {
        return "http://127.0.0.1:" + port;
    }

    /** Installs the bundle with the two servlet contexts. */
    void installLogin() throws BundleException {
        Manifest manifest = new Manifest();
        Attributes headers = manifest.getMainAttributes();
        headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        headers.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
        headers.putValue(Constants.BUNDLE_SYMBOLICNAME, "itest.login");
        headers.putValue(Constants.BUNDLE_ACTIVATOR, LoginActivator.class.getName());
        headers.putValue(Constants.IMPORT_PACKAGE,
                "org.osgi.framework,org.osgi.service.servlet.context,jakarta.servlet,"
                        + "jakarta.servlet.http");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JarOutputStream jar = new JarOutputStream(bytes, manifest)) {
            for (String name : List.of("LoginActivator", "LoginActivator$1")) {
                String path = "mqtt/resilient/itest/login/" + name + ".class";
                jar.putNextEntry(new ZipEntry(path));
                try (InputStream in = LoginActivator.class.getResourceAsStream("/" + path)) {
                    in.transferTo(jar);
                }
                jar.closeEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        context().installBundle("itest:login", new ByteArrayInputStream(bytes.toByteArray())).start();
    }

    /** Gives the console its configuration. */
    void configureConsole(Map<String, Object> properties) {
        try {
            context().getService(context().getServiceReference(ConfigurationAdmin.class))
                    .getConfiguration("mqtt.resilient.console", "?").update(new Hashtable<>(properties));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return the answer to a GET, with or without a login} */
    HttpResponse<String> get(String path, boolean login) throws IOException, InterruptedException {
        return (login ? loggedIn : PLAIN).send(HttpRequest.newBuilder(URI.create(origin() + path)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** {@return the answer to a POST of a form, with a login} */
    HttpResponse<String> post(String path, String form, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(origin() + path))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return loggedIn.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** {@return the stream of a page, as it comes} */
    HttpResponse<InputStream> stream(String path, String page) throws IOException, InterruptedException {
        return loggedIn.send(HttpRequest.newBuilder(URI.create(origin() + path)).header("X-Mqtt-Page", page).build(),
                HttpResponse.BodyHandlers.ofInputStream());
    }

    /** {@return what a stream brings until a text is in it, within a minute: such a stream cannot be interrupted} */
    static String until(InputStream stream, String text) throws IOException {
        StringBuffer read = new StringBuffer();
        try {
            return CompletableFuture.supplyAsync(() -> read(stream, text, read)).get(60, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        } catch (TimeoutException | InterruptedException e) {
            throw new AssertionError("\"" + text + "\" did not come: " + read, e);
        }
    }

    private static String read(InputStream stream, String text, StringBuffer read) {
        byte[] bytes = new byte[8192];
        try {
            while (read.indexOf(text) < 0) {
                int count = stream.read(bytes);
                if (count < 0) {
                    throw new AssertionError("the stream ended before \"" + text + "\": " + read);
                }
                read.append(new String(bytes, 0, count, StandardCharsets.US_ASCII));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return read.toString();
    }

    /** {@return whether anything of the page runs} */
    static boolean samples() {
        return Thread.getAllStackTraces().keySet().stream().anyMatch(thread -> "mqtt-console".equals(thread.getName()));
    }

    @Override
    public void close() throws BundleException, IOException {
        clients.close();
        framework.stop();
        try {
            framework.waitForStop(20_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
