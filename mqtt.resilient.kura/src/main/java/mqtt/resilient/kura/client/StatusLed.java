package mqtt.resilient.kura.client;

import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import org.eclipse.kura.status.CloudConnectionStatusComponent;
import org.eclipse.kura.status.CloudConnectionStatusEnum;
import org.eclipse.kura.status.CloudConnectionStatusService;

/** Shows the state of a client with the status LED: on, trying (fast), waiting (slow), off. */
final class StatusLed implements CloudConnectionStatusComponent, AutoCloseable {
    private final CloudConnectionStatusService service;
    private volatile CloudConnectionStatusEnum status = CloudConnectionStatusEnum.OFF;

    StatusLed(CloudConnectionStatusService service) {
        this.service = service;
        service.register(this);
    }

    boolean isOf(CloudConnectionStatusService other) {
        return service == other;
    }

    void show(ClientStatus client) {
        service.updateStatus(this, light(client.state()));
    }

    private static CloudConnectionStatusEnum light(ConnectionState state) {
        return switch (state) {
            case ONLINE -> CloudConnectionStatusEnum.ON;
            case RESOLVING, CONNECTING, HANDSHAKE -> CloudConnectionStatusEnum.FAST_BLINKING;
            case WAITING -> CloudConnectionStatusEnum.SLOW_BLINKING;
            case OFFLINE, PAUSED, FAILED -> CloudConnectionStatusEnum.OFF;
        };
    }

    @Override
    public int getNotificationPriority() {
        return CloudConnectionStatusService.PRIORITY_LOW;
    }

    @Override
    public CloudConnectionStatusEnum getNotificationStatus() {
        return status;
    }

    @Override
    public void setNotificationStatus(CloudConnectionStatusEnum newStatus) {
        status = newStatus;
    }

    @Override
    public void close() {
        service.unregister(this);
    }
}
