package mqtt.resilient.impl.io;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.UnrecoverableKeyException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import mqtt.resilient.spi.TlsMaterial;

/**
 * Keys and trust from files, PKCS#12 or PEM. Looks at the files for every new connection and reads them again when they
 * have changed; connections that are up stay up. Safe from any thread; blocks.
 */
public final class TlsFiles implements TlsMaterial {
    /**
     * Where keys and trust are.
     *
     * @param keyStore the client's key and certificate, or null for none
     * @param keyStorePassword opens the key store; empty for none
     * @param keyAlias the key to use, or empty for any that fits
     * @param keyPassword opens the key; empty = the key store's
     * @param trustStore the authorities to trust, or null for the platform's
     * @param trustStorePassword opens the trust store; empty for none
     */
    public record Settings(Path keyStore, String keyStorePassword, String keyAlias, String keyPassword, Path trustStore,
            String trustStorePassword) {
        /** {@return the places, no passwords} */
        @Override
        public String toString() {
            return "TlsFiles[" + keyStore + ", " + trustStore + "]";
        }
    }

    private final Settings settings;
    private SSLContext context;
    private List<Object> stamp;

    public TlsFiles(Settings settings) {
        this.settings = settings;
    }

    @Override
    public synchronized SSLContext current() throws IOException, GeneralSecurityException {
        List<Object> now = stamp();
        if (context == null || !now.equals(stamp)) {
            SSLContext fresh = SSLContext.getInstance("TLS");
            fresh.init(naming(keys(), this::keyManagers), naming(trust(), this::trustManagers), null);
            context = fresh;
            stamp = now;
        }
        return context;
    }

    /** {@return whether both read the same files in the same way} */
    @Override
    public boolean equals(Object other) {
        return other instanceof TlsFiles files && files.settings.equals(settings);
    }

    @Override
    public int hashCode() {
        return settings.hashCode();
    }

    private List<Object> stamp() throws IOException {
        List<Object> stamp = new ArrayList<>();
        for (KeyFile file : new KeyFile[] { keys(), trust() }) {
            if (file.path() != null) {
                stamp.add(file.stamp());
            }
        }
        return stamp;
    }

    private KeyFile keys() {
        return new KeyFile("tls.keystore", settings.keyStore);
    }

    private KeyFile trust() {
        return new KeyFile("tls.truststore", settings.trustStore);
    }

    /** What Java says while it reads a file gets the name of the key and of the file, if it has not. */
    private static <T> T naming(KeyFile file, Reading<T> reading) throws IOException {
        try {
            return reading.run();
        } catch (UnrecoverableKeyException e) {
            throw file.failure("the key in ", " does not open with .tls.key.password, or without it with"
                    + " .tls.keystore.password: " + KeyFile.words(e), e);
        } catch (GeneralSecurityException | RuntimeException e) {
            throw file.failure("", " cannot be used: " + KeyFile.words(e), e);
        }
    }

    private interface Reading<T> {
        T run() throws IOException, GeneralSecurityException;
    }

    private KeyManager[] keyManagers() throws IOException, GeneralSecurityException {
        if (settings.keyStore == null) {
            return new KeyManager[0];
        }
        String keyPassword = settings.keyPassword.isEmpty() ? settings.keyStorePassword : settings.keyPassword;
        KeyStore store = keys().load(settings.keyStorePassword, keyPassword);
        keys().requireKey(store, settings.keyAlias);
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, keyPassword.toCharArray());
        return factory.getKeyManagers();
    }

    private TrustManager[] trustManagers() throws IOException, GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        KeyStore store = settings.trustStore == null ? null : trust().load(settings.trustStorePassword, null);
        if (store != null && !hasAuthority(store)) {
            throw new IOException("tls.truststore: there is no trusted certificate in " + settings.trustStore
                    + "; PEM is the simplest, or make it with: keytool -importcert -trustcacerts");
        }
        factory.init(store);
        return new TrustManager[] { new Judge((X509ExtendedTrustManager) factory.getTrustManagers()[0]) };
    }

    private static boolean hasAuthority(KeyStore store) throws KeyStoreException {
        for (String alias : Collections.list(store.aliases())) {
            if (store.isCertificateEntry(alias)) {
                return true;
            }
        }
        return false;
    }

    /** Decides as the platform does, and says why in the user's words. */
    private static final class Judge extends X509ExtendedTrustManager {
        /** Of a subject alternative name (RFC 5280). */
        private static final Integer DNS_NAME = 2;

        private final X509ExtendedTrustManager manager;

        Judge(X509ExtendedTrustManager manager) {
            this.manager = manager;
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            try {
                manager.checkServerTrusted(chain, type, engine);
                requireAlternativeName(chain[0], engine);
            } catch (CertificateException e) {
                throw new CertificateException(verdict(chain, engine.getPeerHost(), e), e);
            }
        }

        /** Java takes the common name where there is no alternative name; RFC 9525 section 6.3 does not. */
        private static void requireAlternativeName(X509Certificate certificate, SSLEngine engine)
                throws CertificateException {
            String algorithm = engine.getSSLParameters().getEndpointIdentificationAlgorithm();
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            boolean named = names != null && names.stream().anyMatch(each -> each.get(0).equals(DNS_NAME));
            if (algorithm != null && !algorithm.isEmpty() && !named && !isAddress(engine.getPeerHost())) {
                throw new CertificateException("there is no DNS subject alternative name");
            }
        }

        private static boolean isAddress(String host) {
            return host.indexOf(':') >= 0 || host.matches("[0-9.]+");
        }

        private static String verdict(X509Certificate[] chain, String host, CertificateException error) {
            Date now = new Date();
            for (X509Certificate certificate : chain) {
                String whose = certificate == chain[0] ? "the certificate of " + host
                        : "the certificate of the authority " + certificate.getSubjectX500Principal().getName();
                if (now.after(certificate.getNotAfter())) {
                    return whose + " expired on " + certificate.getNotAfter().toInstant();
                }
                if (now.before(certificate.getNotBefore())) {
                    return whose + " is not yet valid, it begins on " + certificate.getNotBefore().toInstant()
                            + "; this machine's clock says " + now.toInstant();
                }
            }
            String message = String.valueOf(error.getMessage());
            if (message.contains("alternative") || message.contains("No name matching")) {
                return "no name in the certificate matches " + host + "; it holds " + names(chain[0], host);
            }
            if (message.contains("unable to find valid certification path") || message.contains("trust anchor")) {
                return "the certificate of " + host + " is not signed by an authority that is trusted here "
                        + "(tls.truststore); its issuer is "
                        + chain[chain.length - 1].getIssuerX500Principal().getName();
            }
            return "the certificate of " + host + " is not accepted: " + message;
        }

        private static String names(X509Certificate certificate, String host) {
            List<String> names = new ArrayList<>();
            try {
                Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
                if (alternatives != null) {
                    alternatives.forEach(each -> names.add(String.valueOf(each.get(1))));
                }
            } catch (CertificateException e) {
                names.add("unreadable names");
            }
            boolean address = isAddress(host);
            return names.isEmpty() ? "only " + certificate.getSubjectX500Principal().getName() + "; needed is "
                    + (address ? "an IP" : "a DNS") + " alternative name (RFC 9525)" : String.join(", ", names);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            manager.checkServerTrusted(chain, type);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            manager.checkServerTrusted(chain, type, socket);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            manager.checkClientTrusted(chain, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            manager.checkClientTrusted(chain, type, socket);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            manager.checkClientTrusted(chain, type, engine);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return manager.getAcceptedIssuers();
        }
    }
}
