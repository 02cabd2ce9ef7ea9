package org.eclipse.kura.net;

import org.eclipse.kura.KuraException;
import org.osgi.annotation.versioning.ProviderType;

@ProviderType
public interface NetworkService {
    @Deprecated
    NetworkState getState() throws KuraException;
}
