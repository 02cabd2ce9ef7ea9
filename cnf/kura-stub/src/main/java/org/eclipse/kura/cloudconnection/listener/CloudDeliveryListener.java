package org.eclipse.kura.cloudconnection.listener;

import org.osgi.annotation.versioning.ConsumerType;

@ConsumerType
public interface CloudDeliveryListener {
    void onMessageConfirmed(String messageId);
}
