package org.eclipse.kura.ssl;

import org.osgi.annotation.versioning.ConsumerType;

@ConsumerType
public interface SslServiceListener {
    void onConfigurationUpdated();
}
