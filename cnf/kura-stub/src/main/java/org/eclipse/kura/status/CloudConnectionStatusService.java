package org.eclipse.kura.status;

import org.osgi.annotation.versioning.ProviderType;

@ProviderType
public interface CloudConnectionStatusService {
    int PRIORITY_LOW = 100;

    void register(CloudConnectionStatusComponent component);

    void unregister(CloudConnectionStatusComponent component);

    boolean updateStatus(CloudConnectionStatusComponent component, CloudConnectionStatusEnum status);
}
