package mqtt.resilient.itest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A proxy: tinyproxy for HTTP and microsocks for SOCKS 5, or where they are absent a {@link Relay}. */
final class Proxy implements AutoCloseable {
    private final String uri;
    private final Runnable end;
    private Path directory;

    private Proxy(String scheme, int port, Runnable end) {
        uri = scheme + "://127.0.0.1:" + port;
        this.end = end;
    }

    /** An HTTP proxy; it wants credentials if there is a user. */
    static Proxy http(String user, String password) {
        Optional<Path> program = Program.find("tinyproxy");
        if (program.isEmpty()) {
            Relay relay = Relay.httpProxy(user, password);
            return new Proxy("http", relay.port(), relay::close);
        }
        int port = TestBroker.freePort();
        try {
            Path directory = Files.createTempDirectory("itest-proxy");
            Path config = Files.writeString(directory.resolve("tinyproxy.conf"), "Port " + port
                    + "\nListen 127.0.0.1\nTimeout 600\nMaxClients 50\nAllow 127.0.0.1\n"
                    + (user == null ? "" : "BasicAuth " + user + " " + password + "\n"));
            Proxy proxy = new Proxy("http", port, new Program(List.of(program.get().toString(), "-d", "-c",
                    config.toString()), port, directory.resolve("log"))::close);
            proxy.directory = directory;
            return proxy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A SOCKS 5 proxy; it wants credentials if there is a user. */
    static Proxy socks(String user, String password) {
        Optional<Path> program = Program.find("microsocks");
        if (program.isEmpty()) {
            Relay relay = Relay.socksProxy(user, password);
            return new Proxy("socks5", relay.port(), relay::close);
        }
        int port = TestBroker.freePort();
        List<String> command = new ArrayList<>(List.of(program.get().toString(), "-i", "127.0.0.1", "-p",
                String.valueOf(port)));
        if (user != null) {
            command.addAll(List.of("-u", user, "-P", password));
        }
        try {
            Path directory = Files.createTempDirectory("itest-proxy");
            Proxy proxy = new Proxy("socks5", port, new Program(command, port, directory.resolve("log"))::close);
            proxy.directory = directory;
            return proxy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return for the key {@code proxy}} */
    String uri() {
        return uri;
    }

    @Override
    public void close() {
        end.run();
        if (directory != null) {
            try {
                Files.deleteIfExists(directory.resolve("log"));
                Files.deleteIfExists(directory.resolve("tinyproxy.conf"));
                Files.deleteIfExists(directory);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
