package mqtt.resilient.itest;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
import mqtt.resilient.api.Authenticator;

/** SCRAM-SHA-256 (RFC 5802 and RFC 7677) as an application would write it, without channel binding. */
final class ScramSha256 implements Authenticator {
    private static final int MOST_ITERATIONS = 100_000;

    private final String user;
    private final char[] password;
    private final String nonce;
    private final Duration again;

    ScramSha256(String user, String password, String nonce, Duration again) {
        this.user = user;
        this.password = password.toCharArray();
        this.nonce = nonce;
        this.again = again;
    }

    @Override
    public Exchange begin(String client) {
        return new Exchange() {
            private final String first = "n=" + user + ",r=" + nonce;
            private byte[] serverSignature;

            @Override
            public byte[] begin() {
                return bytes("n,," + first);
            }

            @Override
            public byte[] answer(byte[] challenge) throws GeneralSecurityException {
                String theirs = new String(challenge, StandardCharsets.UTF_8);
                Map<Character, String> fields = fields(theirs);
                int iterations = Integer.parseInt(fields.get('i'));
                if (!fields.get('r').startsWith(nonce) || iterations > MOST_ITERATIONS) {
                    throw new GeneralSecurityException(
                            "the broker's nonce or its number of iterations is not acceptable");
                }
                byte[] salted = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                        .generateSecret(new PBEKeySpec(password,
                                Base64.getDecoder().decode(fields.get('s')), iterations, 256))
                        .getEncoded();
                byte[] clientKey = hmac(salted, "Client Key");
                String last = "c=" + Base64.getEncoder().encodeToString(bytes("n,,")) + ",r=" + fields.get('r');
                String all = first + "," + theirs + "," + last;
                byte[] proof = hmac(MessageDigest.getInstance("SHA-256").digest(clientKey), all);
                for (int i = 0; i < proof.length; i++) {
                    proof[i] ^= clientKey[i];
                }
                serverSignature = hmac(hmac(salted, "Server Key"), all);
                return bytes(last + ",p=" + Base64.getEncoder().encodeToString(proof));
            }

            @Override
            public Duration accepted(byte[] data) throws GeneralSecurityException {
                String proof = fields(new String(data, StandardCharsets.UTF_8)).getOrDefault('v', "");
                if (serverSignature == null || !Arrays.equals(serverSignature, Base64.getDecoder().decode(proof))) {
                    throw new GeneralSecurityException("the broker does not know the password");
                }
                return again;
            }
        };
    }

    private static Map<Character, String> fields(String text) {
        Map<Character, String> fields = new HashMap<>();
        for (String each : text.split(",")) {
            fields.put(each.charAt(0), each.substring(2));
        }
        return fields;
    }

    private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(bytes(text));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
