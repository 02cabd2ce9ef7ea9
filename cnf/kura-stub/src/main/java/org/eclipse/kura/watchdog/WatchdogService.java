package org.eclipse.kura.watchdog;

import org.osgi.annotation.versioning.ProviderType;

@ProviderType
public interface WatchdogService {
    void registerCriticalComponent(CriticalComponent component);

    void unregisterCriticalComponent(CriticalComponent component);

    void checkin(CriticalComponent component);
}
