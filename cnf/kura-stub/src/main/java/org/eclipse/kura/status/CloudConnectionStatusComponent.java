package org.eclipse.kura.status;

import org.osgi.annotation.versioning.ConsumerType;

@ConsumerType
public interface CloudConnectionStatusComponent {
    int getNotificationPriority();

    CloudConnectionStatusEnum getNotificationStatus();

    void setNotificationStatus(CloudConnectionStatusEnum status);
}
