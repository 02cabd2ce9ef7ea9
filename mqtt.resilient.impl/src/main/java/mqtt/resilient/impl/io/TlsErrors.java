package mqtt.resilient.impl.io;

import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;

/** TLS failures in the user's words. */
final class TlsErrors {
    private TlsErrors() {
    }

    static String describe(Throwable error) {
        for (Throwable cause = error; error instanceof SSLException && cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateException) { // a verdict of TlsFiles
                return cause.getMessage();
            }
        }
        String message = String.valueOf(error.getMessage());
        if (error instanceof ClosedChannelException || !(error instanceof SSLException)
                && (message.contains("reset") || message.contains("Broken pipe"))) {
            return "the broker closed the connection during the handshake; perhaps it wants a client certificate "
                    + "(tls.keystore), or does not speak TLS on this port";
        }
        if (error.getMessage() == null) {
            return error.getClass().getSimpleName();
        }
        return error instanceof SSLException ? describe(message) : message;
    }

    private static String describe(String message) {
        if (message.contains("Unsupported or unrecognized SSL message")
                || message.contains("plaintext connection")) {
            return "the broker does not speak TLS on this port; perhaps mqtt:// or ws:// is meant";
        }
        if (message.contains("bad_certificate") || message.contains("certificate_required")
                || message.contains("unknown_ca") || message.contains("certificate_unknown")) {
            return "the broker refused our client certificate, or wants one (tls.keystore): " + message;
        }
        if (message.contains("protocol_version") || message.contains("No appropriate protocol")) {
            return "no common TLS version or cipher suite (tls.protocols, tls.ciphers): " + message;
        }
        if (message.contains("handshake_failure")) { // OpenSSL's answer in TLS 1.2 to both
            return "no common TLS version or cipher suite (tls.protocols, tls.ciphers), or the broker wants a "
                    + "client certificate (tls.keystore): " + message;
        }
        return message;
    }
}
