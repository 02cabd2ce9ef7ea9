package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.AlgorithmParameters;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys and trust from files. */
class TlsFilesTest {
    /** As openssl req -newkey of OpenSSL 3 writes it; the password is sesame. */
    private static final String TRIPLE_DES = """
            -----BEGIN ENCRYPTED PRIVATE KEY-----
            MIHjME4GCSqGSIb3DQEFDTBBMCkGCSqGSIb3DQEFDDAcBAiTLn045uL+lwICCAAw
            DAYIKoZIhvcNAgkFADAUBggqhkiG9w0DBwQIAZosXhyBFsAEgZDvoraE1e81ErnI
            s9ewwo4qCxvRwhQAjoAc/MxomeHvbhQJ2wN/cU4cVRqE03HgRT2IMEo41dqX3e3K
            YVC2acCyH6V7Drk+6//NEKz9cfJUdLRXoI+/kBvCL/pOmpNhppJHkrlz16t+fAAz
            N3i/uq+KlTno5Ls26MyX0Po/BDUKn32l2ZbpgXPN/zP/JTDG8nc=
            -----END ENCRYPTED PRIVATE KEY-----
            """;

    @TempDir
    static Path directory;
    private static TestKeys ec;

    @BeforeAll
    static void makeKeys() throws Exception {
        ec = new TestKeys(directory, "EC");
    }

    private static TlsFiles keys(Path store, String storePassword, String alias, String keyPassword) {
        return new TlsFiles(new TlsFiles.Settings(store, storePassword, alias, keyPassword, null, ""));
    }

    private static TlsFiles trust(Path store, String password) {
        return new TlsFiles(new TlsFiles.Settings(null, "", "", "", store, password));
    }

    private static String failure(TlsFiles files) {
        return assertThrows(Exception.class, files::current).getMessage();
    }

    @ParameterizedTest
    @ValueSource(strings = { "EC", "RSA", "Ed25519" })
    void aPemKeyOfEveryKindIsRead(String algorithm) throws Exception {
        TestKeys keys = algorithm.equals("EC") ? ec : new TestKeys(directory, algorithm);
        keys(keys.file(algorithm + ".pem", keys.keyPem(), keys.certificatePem()), "", "", "").current();
        keys(keys.file(algorithm + "-2.pem", "Bag Attributes\n  friendlyName: x\n", keys.certificatePem(),
                keys.keyPem()), "", "", "").current();
        keys(keys.pkcs12, TestKeys.PASSWORD, "key", "").current();
    }

    @Test
    @Tag("full") // with openssl, where verify had none
    void anEncryptedPemKeyIsReadWithItsPassword() throws Exception {
        byte[] plain = ec.store.getKey("key", TestKeys.PASSWORD.toCharArray()).getEncoded();
        Path file = ec.file("encrypted.pem", encrypted(plain, "sesame"), ec.certificatePem());
        keys(file, "", "", "sesame").current();
        keys(file, "sesame", "", "").current();
        assertTrue(failure(keys(file, "", "", "wrong")).length() > 10);
    }

    /** As openssl pkcs8 -topk8 does; by the JDK where there is no openssl. */
    private static String encrypted(byte[] plain, String password) throws Exception {
        Path openssl = Path.of("/usr/bin/openssl");
        if (Files.isExecutable(openssl)) {
            Path in = ec.file("plain-key.pem", ec.keyPem());
            Path out = directory.resolve("encrypted-key.pem");
            TestKeys.run(openssl.toString(), "pkcs8", "-topk8", "-in", in.toString(), "-out", out.toString(),
                    "-passout",
                    "pass:" + password);
            return Files.readString(out);
        }
        String algorithm = "PBEWithHmacSHA256AndAES_256";
        Cipher cipher = Cipher.getInstance(algorithm);
        cipher.init(Cipher.ENCRYPT_MODE, SecretKeyFactory.getInstance(algorithm)
                .generateSecret(new PBEKeySpec(password.toCharArray())));
        // the name that Java 17 knows in a file
        AlgorithmParameters parameters = AlgorithmParameters.getInstance("PBES2");
        parameters.init(cipher.getParameters().getEncoded());
        return TestKeys.pem("ENCRYPTED PRIVATE KEY",
                new javax.crypto.EncryptedPrivateKeyInfo(parameters, cipher.doFinal(plain)).getEncoded());
    }

    @Test
    void aKeyThatJavaCannotDecryptIsRefusedWithTheCommandThatConvertsIt() throws Exception {
        Path file = ec.file("triple-des.pem", TRIPLE_DES, ec.certificatePem());
        String message = failure(keys(file, "", "", "sesame"));
        assertTrue(message.contains("tls.keystore: the key in " + file) && message.contains("openssl pkcs8 -topk8 -v2"),
                message);
    }

    @Test
    void aWrongPasswordOfTheKeyIsNamedWithItsKey() throws Exception {
        byte[] plain = ec.store.getKey("key", TestKeys.PASSWORD.toCharArray()).getEncoded();
        Path file = ec.file("encrypted.pem", encrypted(plain, "sesame"), ec.certificatePem());
        assertTrue(failure(keys(file, "", "", "wrong")).contains("does not open with .tls.key.password"));
        assertTrue(failure(keys(file, "", "", "")).contains("an empty password (.tls.key.password)"));
    }

    @Test
    void theCertificateOfTheKeyComesFirstWhateverTheOrderOfTheFile() throws Exception {
        TestKeys other = new TestKeys(directory, "RSA", "CN=another");
        Path file = ec.file("order.pem", other.certificatePem(), ec.keyPem(), ec.certificatePem());
        SSLContext context = keys(file, "", "", "").current();
        SSLEngine client = trust(ec.file("trust.pem", ec.certificatePem()), "").current().createSSLEngine("localhost",
                1);
        Handshake.between(client, context.createSSLEngine());
        assertEquals(ec.store.getCertificate("key"), client.getSession().getPeerCertificates()[0]);
        assertEquals(1, client.getSession().getPeerCertificates().length);
        String message = failure(keys(ec.file("foreign.pem", ec.keyPem(), other.certificatePem()), "", "", ""));
        assertTrue(message.contains("none of the 1 certificates") && message.contains("foreign.pem"), message);
    }

    @Test
    void ofTwoAuthoritiesOfOneNameTheOneThatSignedIsSent() throws Exception {
        Path place = Files.createDirectory(directory.resolve("authorities"));
        TestKeys renewed = new TestKeys(Files.createDirectory(place.resolve("renewed")), "EC", "CN=authority", "-ext",
                "bc=ca:true");
        TestKeys before = new TestKeys(Files.createDirectory(place.resolve("before")), "EC", "CN=authority", "-ext",
                "bc=ca:true");
        TestKeys.run(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair", "-keystore",
                renewed.pkcs12.toString(), "-storepass", TestKeys.PASSWORD, "-keyalg", "EC", "-alias", "leaf", "-dname",
                "CN=localhost", "-ext", "san=dns:localhost", "-signer", "key");
        KeyStore both = KeyStore.getInstance(renewed.pkcs12.toFile(), TestKeys.PASSWORD.toCharArray());
        byte[] key = both.getKey("leaf", TestKeys.PASSWORD.toCharArray()).getEncoded();
        Certificate leaf = both.getCertificate("leaf");
        Path file = before.file("leaf.pem", before.certificatePem(), TestKeys.pem("PRIVATE KEY", key),
                TestKeys.pem("CERTIFICATE", leaf.getEncoded()), renewed.certificatePem());
        SSLEngine client = trust(before.file("authority.pem", renewed.certificatePem()), "").current()
                .createSSLEngine("localhost", 1);
        Handshake.between(client, keys(file, "", "", "").current().createSSLEngine());
        assertArrayEquals(new Object[] { leaf, renewed.store.getCertificate("key") },
                client.getSession().getPeerCertificates());
    }

    @Test
    void aKeyThatIsBoundToAHashIsRead() throws Exception {
        PSSParameterSpec sha384 = new PSSParameterSpec("SHA-384", "MGF1", MGF1ParameterSpec.SHA384, 48, 1);
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSASSA-PSS");
        generator.initialize(new RSAKeyGenParameterSpec(1024, RSAKeyGenParameterSpec.F4, sha384));
        KeyPair pair = generator.generateKeyPair();
        Path file = ec.file("bound.pem", TestKeys.pem("PRIVATE KEY", pair.getPrivate().getEncoded()),
                TestKeys.pem("CERTIFICATE", selfSigned(pair, sha384)));
        keys(file, "", "", "").current();
    }

    /** A certificate of version 1, which keytool does not make for such a key (RFC 5280 section 4.1). */
    private static byte[] selfSigned(KeyPair pair, PSSParameterSpec parameters) throws Exception {
        byte[] key = pair.getPublic().getEncoded();
        int algorithm = 2 + (key[1] < 0 ? key[1] & 0x7F : 0); // behind the length of the outer sequence
        byte[] signatureAlgorithm = Arrays.copyOfRange(key, algorithm, algorithm + 2 + key[algorithm + 1]);
        byte[] name = new X500Principal("CN=client").getEncoded();
        byte[] time = der(0x17, "260101000000Z".getBytes(StandardCharsets.US_ASCII));
        byte[] content = der(0x30, der(2, new byte[] { 1 }), signatureAlgorithm, name, der(0x30, time, time), name,
                key);
        Signature signature = Signature.getInstance("RSASSA-PSS");
        signature.setParameter(parameters);
        signature.initSign(pair.getPrivate());
        signature.update(content);
        return der(0x30, content, signatureAlgorithm, der(3, new byte[1], signature.sign()));
    }

    private static byte[] der(int tag, byte[]... parts) {
        int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
        ByteBuffer bytes = ByteBuffer.allocate(4 + length).put((byte) tag);
        if (length < 0x80) {
            bytes.put((byte) length);
        } else {
            bytes.put((byte) 0x82).putShort((short) length);
        }
        for (byte[] part : parts) {
            bytes.put(part);
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    @Test
    void aCommonNameIsNoNameAlsoBesideAnAddress() throws Exception {
        TestKeys keys = new TestKeys(Files.createDirectory(directory.resolve("beside")), "EC", "CN=localhost", "-ext",
                "san=ip:10.0.0.1");
        Path trusted = keys.file("beside.pem", keys.certificatePem());
        SSLEngine client = trust(trusted, "").current().createSSLEngine("localhost", 1);
        SSLParameters parameters = client.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        client.setSSLParameters(parameters);
        SSLEngine server = keys.server().createSSLEngine();
        assertThrows(SSLException.class, () -> Handshake.between(client, server));
    }

    @Test
    void aKeyThatIsNotPkcs8IsRefusedWithTheCommandThatConvertsIt() throws Exception {
        for (String type : new String[] { "RSA PRIVATE KEY", "EC PRIVATE KEY" }) {
            Path file = ec.file("old.pem", TestKeys.pem(type, new byte[] { 1, 2, 3 }), ec.certificatePem());
            String message = failure(keys(file, "", "", ""));
            assertTrue(message.contains("tls.keystore") && message.contains("openssl pkcs8 -topk8"), message);
        }
    }

    @Test
    void aFileWithoutAKeyOrWithoutACertificateIsNamed() throws Exception {
        assertTrue(failure(keys(ec.file("nokey.pem", ec.certificatePem()), "", "", "")).contains("no PRIVATE KEY"));
        assertTrue(failure(keys(ec.file("nocertificate.pem", ec.keyPem()), "", "", "")).contains("certificate"));
        assertTrue(failure(trust(ec.file("nothing.pem", ec.keyPem()), "")).contains("no certificate"));
    }

    @Test
    void aFileThatIsNeitherPemNorPkcs12IsNamedWithTheKey() throws Exception {
        String message = failure(keys(ec.file("garbage", "hello"), "", "", ""));
        assertTrue(message.contains("tls.keystore") && message.contains("neither PEM nor PKCS#12"), message);
        assertTrue(failure(trust(ec.file("garbage", "hello"), "")).contains("tls.truststore"));
        assertTrue(failure(trust(ec.file("empty", ""), "")).contains("tls.truststore"));
    }

    @Test
    void damagedBase64IsNamedWithTheFileInsteadOfAnInternalError() throws Exception {
        Path file = ec.file("damaged.pem", "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n");
        String message = failure(trust(file, ""));
        assertTrue(message.contains("tls.truststore") && message.contains("damaged.pem"), message);
    }

    @Test
    void aPemTrustStoreMayHoldManyCertificatesAndText() throws Exception {
        trust(ec.file("many.pem", "# CA\n", ec.certificatePem(), "\n\nmore text\n", ec.certificatePem()), "").current();
    }

    @Test
    void aPkcs12TrustStoreThatTheJdkMadeIsRead() throws Exception {
        Path store = directory.resolve("trust.p12");
        Path certificate = ec.file("trusted.pem", ec.certificatePem());
        TestKeys.run(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-importcert", "-noprompt",
                "-keystore", store.toString(), "-storepass", TestKeys.PASSWORD, "-alias", "a", "-file",
                certificate.toString());
        trust(store, TestKeys.PASSWORD).current();
        assertTrue(failure(trust(store, "wrong")).contains("tls.truststore"));
    }

    @Test
    void theContextIsTheSameUntilAFileChanges() throws Exception {
        Path file = ec.file("changing.pem", ec.certificatePem());
        TlsFiles files = trust(file, "");
        SSLContext first = files.current();
        assertSame(first, files.current());
        Files.setLastModifiedTime(file, FileTime.fromMillis(0));
        SSLContext second = files.current();
        assertNotSame(first, second);
        assertSame(second, files.current());
    }

    @Test
    void aFileThatIsDamagedForAMomentIsReadWhenItIsGoodAgain() throws Exception {
        Path file = ec.file("half.pem", ec.certificatePem());
        TlsFiles files = trust(file, "");
        files.current();
        Files.writeString(file, "");
        assertThrows(IOException.class, files::current);
        Files.writeString(file, ec.certificatePem());
        files.current();
        Files.delete(file);
        assertTrue(failure(files).contains("does not exist"));
    }

    @Test
    void settingsShowNoPasswords() {
        String shown = new TlsFiles.Settings(Path.of("k"), "secret1", "a", "secret2", Path.of("t"), "secret3")
                .toString();
        assertEquals(-1, shown.indexOf("secret"));
        assertTrue(shown.contains("k"), shown);
    }
}
