package mqtt.resilient.impl.io;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One file with keys or authorities, PKCS#12 or PEM. Whatever is wrong with it is said with the configuration key, the
 * file, and the command that helps. Blocks.
 *
 * @param name the key of the configuration that names the file
 * @param path the file
 */
record KeyFile(String name, Path path) {
    static final Pattern PEM = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");
    private static final String BEGIN = "-----BEGIN ";
    /** With what DER begins: a sequence. */
    private static final byte SEQUENCE = 0x30;

    /** What is wrong with the file. */
    IOException failure(String what) {
        return new IOException(name + ": " + path + " " + what);
    }

    /** What is wrong with something in the file: the words before its path, and behind it. */
    IOException failure(String before, String behind) {
        return new IOException(name + ": " + before + path + behind);
    }

    IOException failure(String before, String behind, Exception cause) {
        return new IOException(name + ": " + before + path + behind, cause);
    }

    /** An exception of Java in words; some have none. */
    static String words(Exception e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    /** The remark that a PEM is not complete, where that is so. */
    static String cutOff(String pem) {
        int begun = (pem.length() - pem.replace(BEGIN, "").length()) / BEGIN.length();
        return PEM.matcher(pem).results().count() < begun ? ": what begins with BEGIN has no END, or not the same" : "";
    }

    /** When it was changed and how long it is; fails if it cannot be read. */
    Object stamp() throws IOException {
        if (!Files.isReadable(path)) {
            throw failure(Files.exists(path) ? "cannot be read by the user " + System.getProperty("user.name")
                    : "does not exist");
        }
        if (Files.isDirectory(path)) {
            throw failure("is a directory");
        }
        return Files.readAttributes(path, "lastModifiedTime,size");
    }

    /**
     * Reads it.
     *
     * @param password opens a PKCS#12
     * @param keyPassword opens a key in PEM; null = there are only authorities
     */
    KeyStore load(String password, String keyPassword) throws IOException, GeneralSecurityException {
        byte[] content = Files.readAllBytes(path);
        if (content.length == 0) {
            throw failure("is empty");
        }
        String text = new String(content, StandardCharsets.ISO_8859_1);
        KeyStore store = KeyStore.getInstance("PKCS12");
        if (!text.contains(BEGIN)) {
            loadBinary(store, content, password);
            return store;
        }
        store.load(null, null);
        List<Certificate> certificates = certificates(text);
        if (keyPassword != null) {
            PemKey key = new PemKey(this, text, keyPassword);
            if (certificates.isEmpty()) {
                throw noCertificate(text);
            }
            store.setKeyEntry("key", key.key(), keyPassword.toCharArray(), key.chain(certificates));
        } else if (certificates.isEmpty()) {
            throw noCertificate(text);
        }
        for (Certificate certificate : keyPassword == null ? certificates : List.<Certificate>of()) {
            store.setCertificateEntry("authority" + store.size(), certificate);
        }
        return store;
    }

    private IOException noCertificate(String pem) {
        boolean pkcs7 = pem.contains(BEGIN + "PKCS7");
        return failure("there is no certificate in ",
                pkcs7 ? ", but PKCS#7; convert it with: openssl pkcs7 -print_certs"
                        + " -in " + path + " -out certificates.pem" : cutOff(pem));
    }

    private void loadBinary(KeyStore store, byte[] content, String password) throws IOException,
            GeneralSecurityException {
        try {
            store.load(new ByteArrayInputStream(content), password.toCharArray());
        } catch (IOException | RuntimeException e) {
            boolean wrongPassword = e.getCause() instanceof UnrecoverableKeyException;
            throw failure("",
                    wrongPassword ? " does not open with " + (password.isEmpty() ? "an empty password (." + name
                            + ".password)" : "." + name + ".password") : binary(content) + ": " + words(e),
                    e);
        }
    }

    /** What a file that could not be read as PKCS#12 is. */
    private String binary(byte[] content) {
        if (content[0] == SEQUENCE) {
            try {
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(content));
                return " is a certificate in DER; convert it with: openssl x509 -inform der -in " + path
                        + " -out certificate.pem";
            } catch (CertificateException e) {
                return " is neither PEM nor PKCS#12 (a key in DER is converted with: openssl pkey -inform der -in "
                        + path + " -out key.pem)";
            }
        }
        return " is neither PEM nor PKCS#12";
    }

    private List<Certificate> certificates(String text) throws IOException {
        List<Certificate> certificates = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (Matcher block = PEM.matcher(text); block.find();) {
                if (block.group(1).endsWith("CERTIFICATE")) {
                    certificates.add(factory.generateCertificate(new ByteArrayInputStream(bytes(block))));
                }
            }
        } catch (CertificateException e) {
            throw failure("a certificate in ", " cannot be read: " + words(e), e);
        }
        return certificates;
    }

    /** The content of a block of PEM. */
    byte[] bytes(Matcher block) throws IOException {
        try {
            return Base64.getMimeDecoder().decode(block.group(2));
        } catch (IllegalArgumentException e) {
            throw failure("the " + block.group(1) + " in ", " is damaged: " + words(e), e);
        }
    }

    /** Leaves only the key of an alias, in all cases at least one. */
    void requireKey(KeyStore store, String alias) throws IOException, GeneralSecurityException {
        if (!alias.isEmpty() && !store.isKeyEntry(alias)) {
            throw new IOException("tls.key.alias: there is no key \"" + alias + "\" in " + path
                    + "; look with: keytool -list -keystore " + path);
        }
        boolean found = false;
        for (String each : Collections.list(store.aliases())) {
            if (!alias.isEmpty() && !each.equalsIgnoreCase(alias)) { // as PKCS#12 does
                store.deleteEntry(each);
            } else {
                found |= store.isKeyEntry(each);
            }
        }
        if (!found) {
            throw failure("there is no key in ",
                    ", only certificates; add it with: openssl pkcs12 -export -inkey key.pem"
                            + " -in certificate.pem -out keys.p12");
        }
    }
}
