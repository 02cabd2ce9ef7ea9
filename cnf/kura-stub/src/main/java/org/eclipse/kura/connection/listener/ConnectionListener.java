package org.eclipse.kura.connection.listener;

import org.osgi.annotation.versioning.ConsumerType;

@ConsumerType
public interface ConnectionListener {
    void connected();

    void disconnected();
}
