package mqtt.resilient.itest;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Two authorities and the certificates that they signed, made anew by the JDK's keytool in child processes: nothing
 * that is secret or that can expire is kept with the sources.
 */
final class Certificates implements AutoCloseable {
    static final String PASSWORD = "changeit";
    private static final String NAMES = "san=dns:localhost,dns:broker.test,ip:127.0.0.1";
    private static final Base64.Encoder PEM = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));

    private final Path directory;
    private final KeyStore all;

    Certificates() {
        try {
            directory = Files.createTempDirectory("itest-certificates");
            Path store = directory.resolve("all.p12");
            authority(store, "authority");
            authority(store, "foreign-authority");
            issue(store, "server", "authority", NAMES);
            issue(store, "expired", "authority", NAMES, "-startdate", "-20d", "-validity", "10");
            issue(store, "future", "authority", NAMES, "-startdate", "+10d");
            issue(store, "other-name", "authority", "san=dns:other.example");
            issue(store, "foreign", "foreign-authority", NAMES);
            issue(store, "client", "authority", "san=dns:client");
            issue(store, "foreign-client", "foreign-authority", "san=dns:client");
            all = load(store);
            Files.writeString(authority(), pem(all.getCertificate("authority")));
            Files.writeString(directory.resolve("foreign-authority.pem"), pem(all.getCertificate("foreign-authority")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void authority(Path store, String alias) throws IOException {
        keytool(store, alias, "-ext", "bc:c", "-ext", "ku:c=keyCertSign", "-startdate", "-30d", "-validity", "400");
    }

    private static void issue(Path store, String alias, String signer, String names, String... more)
            throws IOException {
        List<String> arguments = new ArrayList<>(List.of("-signer", signer, "-ext", names));
        arguments.addAll(List.of(more));
        keytool(store, alias, arguments.toArray(String[]::new));
    }

    private static void keytool(Path store, String alias, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-J-Xshare:auto", "-J-XX:TieredStopAtLevel=1", "-genkeypair", "-keystore", store.toString(),
                "-storepass",
                PASSWORD, "-keyalg", "EC", "-groupname", "secp256r1", "-alias", alias, "-dname", "CN=" + alias));
        command.addAll(List.of(more));
        Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (keytool.waitFor() != 0) {
                throw new IOException(command + ": " + output);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private static KeyStore load(Path store) throws IOException, GeneralSecurityException {
        KeyStore loaded = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            loaded.load(in, PASSWORD.toCharArray());
        }
        return loaded;
    }

    private static String pem(Certificate certificate) throws GeneralSecurityException {
        return "-----BEGIN CERTIFICATE-----\n" + PEM.encodeToString(certificate.getEncoded())
                + "\n-----END CERTIFICATE-----\n";
    }

    /** {@return the authority that the client is to trust, PEM} */
    Path authority() {
        return directory.resolve("authority.pem");
    }

    /** {@return the authority that nobody trusts, PEM} */
    Path foreignAuthority() {
        return directory.resolve("foreign-authority.pem");
    }

    /** {@return a key and its certificates, PEM; the key is PKCS#8} */
    Path pem(String alias) {
        Path file = directory.resolve(alias + ".pem");
        try {
            if (!Files.exists(file)) {
                StringBuilder text = new StringBuilder("-----BEGIN PRIVATE KEY-----\n")
                        .append(PEM.encodeToString(all.getKey(alias, PASSWORD.toCharArray()).getEncoded()))
                        .append("\n-----END PRIVATE KEY-----\n");
                for (Certificate certificate : all.getCertificateChain(alias)) {
                    text.append(pem(certificate));
                }
                Files.writeString(file, text);
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** {@return a key and its certificates, PKCS#12} */
    Path pkcs12(String alias) {
        Path file = directory.resolve(alias + ".p12");
        try (OutputStream out = Files.newOutputStream(file)) {
            only(alias).store(out, PASSWORD.toCharArray());
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private KeyStore only(String alias) throws IOException, GeneralSecurityException {
        KeyStore one = KeyStore.getInstance("PKCS12");
        one.load(null, null);
        one.setKeyEntry(alias, all.getKey(alias, PASSWORD.toCharArray()), PASSWORD.toCharArray(),
                all.getCertificateChain(alias));
        return one;
    }

    /** {@return for a server with this key; it trusts the authority} */
    SSLContext context(String alias) {
        try {
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(only(alias), PASSWORD.toCharArray());
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("authority", all.getCertificate("authority"));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
            return context;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try (Stream<Path> files = Files.list(directory)) {
            files.map(Path::toFile).forEach(File::delete);
            Files.delete(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
