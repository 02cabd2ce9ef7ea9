package mqtt.resilient.brokers;

import com.hivemq.extension.sdk.api.auth.EnhancedAuthenticator;
import com.hivemq.extension.sdk.api.auth.parameter.EnhancedAuthConnectInput;
import com.hivemq.extension.sdk.api.auth.parameter.EnhancedAuthInput;
import com.hivemq.extension.sdk.api.auth.parameter.EnhancedAuthOutput;
import com.hivemq.extension.sdk.api.packets.connect.ConnectPacket;
import com.hivemq.extension.sdk.api.packets.general.DisconnectedReasonCode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Lets everybody in who names no authentication method. With SCRAM-SHA-256 (RFC 5802) only who knows the password, who
 * is told then that the broker knows it too, except for the user {@code deceived}.
 */
final class HiveMqScram implements EnhancedAuthenticator {
    private static final String METHOD = "SCRAM-SHA-256";
    private static final char[] PASSWORD = "pencil".toCharArray();
    private static final byte[] SALT = "a salt".getBytes(StandardCharsets.UTF_8);
    private static final int ITERATIONS = 4096;

    private String clientFirst;
    private String serverFirst;

    @Override
    public void onConnect(EnhancedAuthConnectInput input, EnhancedAuthOutput output) {
        ConnectPacket connect = input.getConnectPacket();
        if (connect.getAuthenticationMethod().isEmpty()) {
            output.authenticateSuccessfully();
        } else if (connect.getAuthenticationMethod().get().equals(METHOD)) {
            begin(text(connect.getAuthenticationData()), output);
        } else {
            output.failAuthentication(DisconnectedReasonCode.BAD_AUTHENTICATION_METHOD, "only " + METHOD);
        }
    }

    @Override
    public void onReAuth(EnhancedAuthInput input, EnhancedAuthOutput output) {
        begin(text(input.getAuthPacket().getAuthenticationData()), output);
    }

    private void begin(String first, EnhancedAuthOutput output) {
        clientFirst = first.substring("n,,".length());
        serverFirst = "r=" + clientFirst.substring(clientFirst.indexOf(",r=") + 3) + UUID.randomUUID() + ",s="
                + Base64.getEncoder().encodeToString(SALT) + ",i=" + ITERATIONS;
        output.continueAuthentication(serverFirst.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void onAuth(EnhancedAuthInput input, EnhancedAuthOutput output) {
        try {
            String last = text(input.getAuthPacket().getAuthenticationData());
            int proofAt = last.indexOf(",p=");
            String all = clientFirst + "," + serverFirst + "," + last.substring(0, proofAt);
            byte[] salted = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                    .generateSecret(new PBEKeySpec(PASSWORD, SALT, ITERATIONS, 256)).getEncoded();
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            byte[] storedKey = sha256.digest(hmac(salted, "Client Key"));
            byte[] clientKey = hmac(storedKey, all);
            byte[] proof = Base64.getDecoder().decode(last.substring(proofAt + 3));
            for (int i = 0; i < clientKey.length; i++) {
                clientKey[i] ^= proof[i];
            }
            if (!MessageDigest.isEqual(storedKey, sha256.digest(clientKey))) {
                output.failAuthentication(DisconnectedReasonCode.NOT_AUTHORIZED, "wrong password");
                return;
            }
            boolean deceives = clientFirst.startsWith("n=deceived,");
            byte[] signature = hmac(hmac(salted, deceives ? "another key" : "Server Key"), all);
            output.authenticateSuccessfully(("v=" + Base64.getEncoder().encodeToString(signature))
                    .getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(Optional<ByteBuffer> data) {
        return StandardCharsets.UTF_8.decode(data.orElseThrow()).toString();
    }
}
