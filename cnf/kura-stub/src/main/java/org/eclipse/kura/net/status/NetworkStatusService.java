package org.eclipse.kura.net.status;

import java.util.List;
import java.util.Optional;
import org.eclipse.kura.KuraException;
import org.osgi.annotation.versioning.ProviderType;

@ProviderType
public interface NetworkStatusService {
    Optional<NetworkInterfaceStatus> getNetworkStatus(String interfaceId) throws KuraException;

    Optional<NetworkInterfaceStatus> getNetworkStatus(String interfaceId, boolean recompute) throws KuraException;

    List<String> getInterfaceIds() throws KuraException;
}
