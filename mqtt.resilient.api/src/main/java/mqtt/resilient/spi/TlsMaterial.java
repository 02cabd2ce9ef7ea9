package mqtt.resilient.spi;

import java.io.IOException;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import org.osgi.annotation.versioning.ConsumerType;

/** Keys and trust for connections. Safe from any thread. The engine verifies host names itself. */
@ConsumerType
public interface TlsMaterial {
    /**
     * The context for a connection that is made now. Called on the thread {@code mqtt-work-n}, once for each connection; may
     * block. Connections that are up keep the context they have.
     *
     * @return the same context as long as nothing has changed, so that sessions are resumed
     * @throws IOException if keys or trust cannot be had; the message names the configuration key and is shown to users
     * @throws GeneralSecurityException if they are not usable
     */
    SSLContext current() throws IOException, GeneralSecurityException;
}
