package mqtt.resilient.impl.io;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.PSSParameterSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.security.auth.x500.X500Principal;

/** The private key of a PEM file, and which of its certificates belong to it. Blocks. */
final class PemKey {
    private static final Pattern OTHER_KEY = Pattern.compile("-----BEGIN ([A-Z]+ PRIVATE KEY)-----");
    private static final Pattern ASCII = Pattern.compile("\\p{ASCII}*");
    private static final String[] KEY_ALGORITHMS = { "RSA", "EC", "Ed25519", "Ed448", "RSASSA-PSS" };
    private static final String USABLE = "TLS in Java takes RSA, EC on P-256, P-384 or P-521, Ed25519 and Ed448;"
            + " make a key with: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem";

    private final KeyFile file;
    private final PrivateKey key;

    /** Reads the first key of a text. */
    PemKey(KeyFile file, String pem, String password) throws IOException, GeneralSecurityException {
        this.file = file;
        key = read(pem, password);
    }

    PrivateKey key() {
        return key;
    }

    private PrivateKey read(String pem, String password) throws IOException, GeneralSecurityException {
        for (Matcher block = KeyFile.PEM.matcher(pem); block.find();) {
            if (block.group(1).equals("PRIVATE KEY")) {
                return decode(new PKCS8EncodedKeySpec(file.bytes(block)));
            }
            if (block.group(1).equals("ENCRYPTED PRIVATE KEY")) {
                return decrypt(file.bytes(block), password);
            }
        }
        Matcher other = OTHER_KEY.matcher(pem);
        if (other.find() && !other.group(1).startsWith("ENCRYPTED")) {
            throw file.failure("holds BEGIN " + other.group(1) + ", which is not PKCS#8; convert it with: "
                    + (other.group(1).startsWith("OPENSSH") ? "ssh-keygen -p -m PKCS8 -f " + file.path()
                            : "openssl pkcs8 -topk8 -nocrypt -in " + file.path() + " -out key.pem"));
        }
        throw file.failure("there is no PRIVATE KEY in ", KeyFile.cutOff(pem));
    }

    private PrivateKey decrypt(byte[] encrypted, String password) throws IOException {
        if (!ASCII.matcher(password).matches()) {
            throw file.failure("the key in ", " does not open: Java takes only ASCII in .tls.key.password for PEM; "
                    + "PKCS#12 allows more: openssl pkcs12 -export -in " + file.path() + " -out key.p12");
        }
        EncryptedPrivateKeyInfo info;
        Cipher cipher;
        try {
            info = new EncryptedPrivateKeyInfo(encrypted);
            String algorithm = String
                    .valueOf(info.getAlgName().equals("PBES2") ? info.getAlgParameters() : info.getAlgName());
            cipher = Cipher.getInstance(algorithm);
            cipher.init(Cipher.DECRYPT_MODE, SecretKeyFactory.getInstance(algorithm)
                    .generateSecret(new PBEKeySpec(password.toCharArray())), info.getAlgParameters());
        } catch (IOException | GeneralSecurityException | RuntimeException e) { // openssl req -newkey takes triple DES
            throw file.failure("the key in ", " is damaged, or encrypted in a way that Java cannot read ("
                    + KeyFile.words(e) + "); convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -in " + file.path()
                    + " -out key.pem", e);
        }
        try {
            return decode(info.getKeySpec(cipher));
        } catch (GeneralSecurityException | RuntimeException e) {
            throw file.failure("the key in ", " does not open with "
                    + (password.isEmpty() ? "an empty password (.tls.key.password)" : ".tls.key.password"), e);
        }
    }

    private PrivateKey decode(PKCS8EncodedKeySpec spec) throws IOException, GeneralSecurityException {
        for (String algorithm : KEY_ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException e) {
                continue; // a key of another kind
            }
        }
        throw file.failure("the key in ", " is of an unknown kind or damaged; look at it with: openssl pkey -noout"
                + " -text -in " + file.path() + "; " + USABLE);
    }

    /** The certificate of the key first, then its issuers, whatever their order in the file. */
    Certificate[] chain(List<Certificate> certificates) throws IOException, GeneralSecurityException {
        List<Certificate> chain = new ArrayList<>();
        Certificate next = null;
        for (Certificate each : certificates) {
            next = next == null && isOf(each) ? each : next;
        }
        if (next == null) {
            throw file.failure("none of the " + certificates.size() + " certificates in ", " belongs to its key; look"
                    + " with: openssl x509 -noout -pubkey -in " + file.path() + ", and openssl pkey -pubout -in "
                    + file.path());
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

    /** Whether a certificate is that of the key. */
    private boolean isOf(Certificate certificate) throws IOException, GeneralSecurityException {
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
        byte[] signed;
        try {
            signature.initSign(key);
            signature.update(text);
            signed = signature.sign();
        } catch (InvalidKeyException | SignatureException e) { // a curve that Java has dropped
            throw file.failure("the key in ", " cannot be used (" + KeyFile.words(e) + "); " + USABLE, e);
        }
        try {
            signature.initVerify(certificate.getPublicKey());
            signature.update(text);
            return signature.verify(signed);
        } catch (InvalidKeyException | SignatureException e) { // of another kind or length
            return false;
        }
    }
}
