package org.eclipse.kura.watchdog;

import org.osgi.annotation.versioning.ConsumerType;

@ConsumerType
public interface CriticalComponent {
    String getCriticalComponentName();

    int getCriticalComponentTimeout();
}
