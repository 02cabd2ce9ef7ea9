package mqtt.resilient.spi;

import java.io.IOException;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import org.osgi.annotation.versioning.ConsumerType;

/** Keys and trust for TLS connections. Safe from any thread. The client verifies host names itself. */
@ConsumerType
public interface TlsMaterial {
    /**
     * The context for a new connection. Called on the thread {@code mqtt-work-n}, once for each connection; may block.
     * Present connections keep the context they have.
     *
     * @return the same context as long as nothing has changed, so that sessions are resumed
     * @throws IOException if keys or trust cannot be read; the message names the configuration key and is shown to
     *         users
     * @throws GeneralSecurityException if they are not usable
     */
    SSLContext current() throws IOException, GeneralSecurityException;
}
