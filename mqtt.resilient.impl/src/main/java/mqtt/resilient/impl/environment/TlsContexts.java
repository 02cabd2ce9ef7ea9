package mqtt.resilient.impl.environment;

import java.io.IOException;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;

/** Keys and trust. */
public interface TlsContexts {
    /**
     * The context for a connection that is made now; the same one as long as nothing has changed, so that sessions are
     * resumed. Blocks: not on the loop.
     */
    SSLContext current() throws IOException, GeneralSecurityException;
}
