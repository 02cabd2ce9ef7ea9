package mqtt.resilient.impl.io;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.interfaces.RSAKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.PSSParameterSpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.security.auth.x500.X500Principal;
import mqtt.resilient.spi.TlsMaterial;

/**
 * Keys and trust from files, PKCS#12 or PEM. Looks at the files for every new connection and reads them again when they
 * have changed; connections that are up stay up. Safe from any thread; blocks.
 */
public final class TlsFiles implements TlsMaterial {
    private static final Pattern PEM = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");
    private static final Pattern OTHER_KEY = Pattern.compile("-----BEGIN ([A-Z]+ PRIVATE KEY)-----");
    private static final String[] KEY_ALGORITHMS = { "RSA", "EC", "Ed25519", "Ed448", "RSASSA-PSS" };

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
            fresh.init(keyManagers(), trustManagers(), null);
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
        for (Path path : new Path[] { settings.keyStore, settings.trustStore }) {
            if (path != null) {
                if (!Files.isReadable(path)) {
                    throw new IOException((path.equals(settings.keyStore) ? "tls.keystore" : "tls.truststore") + ": "
                            + path + (Files.exists(path) ? " cannot be read" : " does not exist"));
                }
                stamp.add(Files.readAttributes(path, "lastModifiedTime,size"));
            }
        }
        return stamp;
    }

    // ---- our key --------------------------------------------------------------------------------------------------

    private KeyManager[] keyManagers() throws IOException, GeneralSecurityException {
        if (settings.keyStore == null) {
            return new KeyManager[0];
        }
        String keyPassword = settings.keyPassword.isEmpty() ? settings.keyStorePassword : settings.keyPassword;
        KeyStore store = load(settings.keyStore, settings.keyStorePassword, keyPassword);
        if (!settings.keyAlias.isEmpty()) {
            if (!store.isKeyEntry(settings.keyAlias)) {
                throw new IOException("tls.key.alias: there is no key \"" + settings.keyAlias + "\" in "
                        + settings.keyStore);
            }
            for (String alias : Collections.list(store.aliases())) {
                if (!alias.equalsIgnoreCase(settings.keyAlias)) { // as PKCS#12 does
                    store.deleteEntry(alias);
                }
            }
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, keyPassword.toCharArray());
        return factory.getKeyManagers();
    }

    /** Reads a key with its certificates; without a password for the key, authorities. */
    private static KeyStore load(Path path, String password, String keyPassword)
            throws IOException, GeneralSecurityException {
        String key = keyPassword == null ? "tls.truststore" : "tls.keystore";
        byte[] content = Files.readAllBytes(path);
        String text = new String(content, StandardCharsets.ISO_8859_1);
        KeyStore store = KeyStore.getInstance("PKCS12");
        if (!text.contains("-----BEGIN ")) {
            try {
                store.load(new ByteArrayInputStream(content), password.toCharArray());
            } catch (IOException e) {
                throw new IOException(key + ": " + path + " is neither PEM nor PKCS#12, or the password is wrong: "
                        + e.getMessage(), e);
            }
            return store;
        }
        store.load(null, null);
        List<Certificate> certificates = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (Matcher block = PEM.matcher(text); block.find();) {
                if (block.group(1).endsWith("CERTIFICATE")) {
                    certificates.add(factory.generateCertificate(new ByteArrayInputStream(bytes(block))));
                }
            }
        } catch (CertificateException e) {
            throw new IOException(key + ": a certificate in " + path + " cannot be read: " + e.getMessage(), e);
        }
        if (certificates.isEmpty()) {
            throw new IOException(key + ": there is no certificate in " + path);
        }
        if (keyPassword != null) {
            PrivateKey privateKey = privateKey(text, path, keyPassword);
            store.setKeyEntry("key", privateKey, keyPassword.toCharArray(), chain(privateKey, certificates, path));
        } else {
            for (Certificate certificate : certificates) {
                store.setCertificateEntry("authority" + store.size(), certificate);
            }
        }
        return store;
    }

    private static PrivateKey privateKey(String pem, Path path, String password)
            throws IOException, GeneralSecurityException {
        for (Matcher block = PEM.matcher(pem); block.find();) {
            if (block.group(1).equals("PRIVATE KEY")) {
                return privateKey(new PKCS8EncodedKeySpec(bytes(block)), path);
            }
            if (block.group(1).equals("ENCRYPTED PRIVATE KEY")) {
                return decrypted(block, path, password);
            }
        }
        Matcher other = OTHER_KEY.matcher(pem);
        if (other.find()) {
            throw new IOException(
                    "tls.keystore: " + path + " holds a " + other.group(1) + ", which is not PKCS#8; convert"
                            + " it with: openssl pkcs8 -topk8 -nocrypt -in " + path.getFileName() + " -out key.pem");
        }
        throw new IOException("tls.keystore: there is no PRIVATE KEY in " + path);
    }

    private static PrivateKey decrypted(Matcher block, Path path, String password) throws IOException {
        EncryptedPrivateKeyInfo info;
        Cipher cipher;
        try {
            info = new EncryptedPrivateKeyInfo(bytes(block));
            String algorithm = String
                    .valueOf(info.getAlgName().equals("PBES2") ? info.getAlgParameters() : info.getAlgName());
            cipher = Cipher.getInstance(algorithm);
            cipher.init(Cipher.DECRYPT_MODE, SecretKeyFactory.getInstance(algorithm)
                    .generateSecret(new PBEKeySpec(password.toCharArray())), info.getAlgParameters());
        } catch (IOException | GeneralSecurityException | RuntimeException e) { // openssl req -newkey takes triple DES
            throw new IOException("tls.keystore: the key in " + path + " is encrypted in a way that Java cannot read ("
                    + e.getMessage() + "); convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -in "
                    + path.getFileName()
                    + " -out key.pem", e);
        }
        try {
            return privateKey(info.getKeySpec(cipher), path);
        } catch (GeneralSecurityException | RuntimeException e) {
            throw new IOException("tls.keystore: the key in " + path + " does not open with "
                    + (password.isEmpty() ? "an empty password (.tls.key.password)" : ".tls.key.password"), e);
        }
    }

    /** The certificate of the key first, then its issuers, whatever their order in the file. */
    private static Certificate[] chain(PrivateKey key, List<Certificate> certificates, Path path)
            throws IOException, GeneralSecurityException {
        List<Certificate> chain = new ArrayList<>();
        Certificate next = null;
        for (Certificate each : certificates) {
            next = next == null && belongTogether(key, each) ? each : next;
        }
        if (next == null) {
            throw new IOException("tls.keystore: none of the " + certificates.size() + " certificates in " + path
                    + " belongs to its key; look with: openssl x509 -noout -pubkey, and openssl pkey -pubout");
        }
        while (next != null && !chain.contains(next)) {
            chain.add(next);
            X500Principal issuer = ((X509Certificate) next).getIssuerX500Principal();
            boolean selfSigned = ((X509Certificate) next).getSubjectX500Principal().equals(issuer);
            next = selfSigned ? null : certificates.stream()
                    .filter(each -> ((X509Certificate) each).getSubjectX500Principal().equals(issuer))
                    .filter(signedBy(next)).findFirst().orElse(null);
        }
        return chain.toArray(Certificate[]::new);
    }

    private static Predicate<Certificate> signedBy(Certificate certificate) {
        return issuer -> {
            try {
                certificate.verify(issuer.getPublicKey());
                return true;
            } catch (GeneralSecurityException e) { // another of the same name: an authority that was renewed
                return false;
            }
        };
    }

    private static boolean belongTogether(PrivateKey key, Certificate certificate) throws GeneralSecurityException {
        if (!key.getAlgorithm().equals(certificate.getPublicKey().getAlgorithm())
                && !certificate.getPublicKey().getAlgorithm().equals("RSASSA-PSS")) {
            return false;
        }
        byte[] text = { 1, 2, 3 };
        Signature signature = Signature.getInstance(switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm();
        });
        if (key.getAlgorithm().equals("RSASSA-PSS")) {
            AlgorithmParameterSpec own = ((RSAKey) key).getParams(); // a key may be bound to a hash
            signature.setParameter(
                    own != null ? own : new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
        }
        signature.initSign(key);
        signature.update(text);
        byte[] signed = signature.sign();
        try {
            signature.initVerify(certificate.getPublicKey());
            signature.update(text);
            return signature.verify(signed);
        } catch (InvalidKeyException | SignatureException e) { // of another kind or length
            return false;
        }
    }

    private static PrivateKey privateKey(PKCS8EncodedKeySpec spec, Path path) throws IOException,
            GeneralSecurityException {
        for (String algorithm : KEY_ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException e) {
                continue; // a key of another kind
            }
        }
        throw new IOException("tls.keystore: the key in " + path + " is of an unknown kind");
    }

    private static byte[] bytes(Matcher matcher) {
        return Base64.getMimeDecoder().decode(matcher.group(2));
    }

    // ---- whom we trust --------------------------------------------------------------------------------------------

    private TrustManager[] trustManagers() throws IOException, GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        KeyStore store = settings.trustStore == null ? null
                : load(settings.trustStore, settings.trustStorePassword, null);
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
