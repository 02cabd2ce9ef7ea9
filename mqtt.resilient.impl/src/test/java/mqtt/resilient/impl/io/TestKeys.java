package mqtt.resilient.impl.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** A self-signed key for localhost, made by the JDK's keytool. */
final class TestKeys {
    static final String PASSWORD = "changeit";
    private static final Base64.Encoder BASE64 = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));

    final Path pkcs12;
    final KeyStore store = KeyStore.getInstance("PKCS12");
    private final Path directory;

    TestKeys(Path directory, String algorithm) throws Exception {
        this(directory, algorithm, "CN=localhost", "-ext", "san=dns:localhost,ip:127.0.0.1");
    }

    TestKeys(Path directory, String algorithm, String subject, String... options) throws Exception {
        this.directory = directory;
        pkcs12 = directory.resolve("keys-" + algorithm + "-" + subject + ".p12");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair", "-keystore", pkcs12.toString(), "-storepass", PASSWORD, "-keyalg", algorithm, "-alias",
                "key", "-dname", subject));
        command.addAll(List.of(options));
        run(command.toArray(String[]::new));
        try (InputStream in = Files.newInputStream(pkcs12)) {
            store.load(in, PASSWORD.toCharArray());
        }
    }

    static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(List.of(command) + ": " + output);
        }
    }

    String certificatePem() throws Exception {
        return pem("CERTIFICATE", store.getCertificate("key").getEncoded());
    }

    String keyPem() throws Exception {
        return pem("PRIVATE KEY", store.getKey("key", PASSWORD.toCharArray()).getEncoded());
    }

    static String pem(String type, byte[] bytes) {
        return "-----BEGIN " + type + "-----\n" + BASE64.encodeToString(bytes) + "\n-----END " + type + "-----\n";
    }

    Path file(String name, String... parts) throws IOException {
        return Files.writeString(directory.resolve(name), String.join("", parts));
    }

    SSLContext server() throws Exception {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }
}
