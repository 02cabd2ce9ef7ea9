package org.eclipse.kura.cloudconnection.listener;

import org.osgi.annotation.versioning.ConsumerType;

@ConsumerType
public interface CloudConnectionListener {
    void onDisconnected();

    void onConnectionLost();

    void onConnectionEstablished();
}
