package org.eclipse.kura.ssl;

import java.io.IOException;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import org.osgi.annotation.versioning.ProviderType;

@ProviderType
public interface SslManagerService {
    SSLContext getSSLContext() throws GeneralSecurityException, IOException;

    SSLContext getSSLContext(String keyAlias) throws GeneralSecurityException, IOException;
}
