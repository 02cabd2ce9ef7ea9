package mqtt.resilient.impl.component;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import mqtt.resilient.api.ClientMXBean;
import mqtt.resilient.impl.client.Client;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A client's figures in JMX. */
final class ClientManagement implements ClientMXBean {
    private static final Logger LOG = LoggerFactory.getLogger("mqtt.resilient");

    private final Client client;
    private ObjectName registered;

    ClientManagement(Client client) {
        this.client = client;
    }

    /** Registers under a client name; a failure is told and harms nothing. */
    void register(String name) {
        unregister();
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        try {
            ObjectName wanted = new ObjectName("mqtt.resilient:type=Client,name=" + ObjectName.quote(name));
            server.registerMBean(this, wanted);
            registered = wanted;
        } catch (JMException e) {
            LOG.warn("{}: no MXBean: {}", name, e.toString());
        }
    }

    void unregister() {
        if (registered != null) {
            try {
                ManagementFactory.getPlatformMBeanServer().unregisterMBean(registered);
            } catch (JMException e) {
                LOG.warn("The MXBean {} could not be unregistered: {}", registered, e.toString());
            }
            registered = null;
        }
    }

    @Override
    public String getState() {
        return client.status().state().name();
    }

    @Override
    public String getReason() {
        return client.status().reason();
    }

    @Override
    public String getBroker() {
        return client.status().broker();
    }

    @Override
    public long getAccepted() {
        return client.metrics().accepted();
    }

    @Override
    public long getRejected() {
        return client.metrics().rejected();
    }

    @Override
    public long getDelivered() {
        return client.metrics().delivered();
    }

    @Override
    public long getExpired() {
        return client.metrics().expired();
    }

    @Override
    public long getCancelled() {
        return client.metrics().cancelled();
    }

    @Override
    public long getRefused() {
        return client.metrics().refused();
    }

    @Override
    public long getSetAside() {
        return client.metrics().setAside();
    }

    @Override
    public long getDropped() {
        return client.metrics().dropped();
    }

    @Override
    public long getClosed() {
        return client.metrics().closed();
    }

    @Override
    public long getPending() {
        return client.metrics().pending();
    }

    @Override
    public long getPendingBytes() {
        return client.metrics().pendingBytes();
    }

    @Override
    public int getInFlight() {
        return client.metrics().inFlight();
    }

    @Override
    public long getRepeated() {
        return client.metrics().repeated();
    }

    @Override
    public long getReceived() {
        return client.metrics().received();
    }

    @Override
    public long getReceivedDuplicates() {
        return client.metrics().receivedDuplicates();
    }

    @Override
    public int getUnhandled() {
        return client.metrics().unhandled();
    }

    @Override
    public long getReceivedDropped() {
        return client.metrics().receivedDropped();
    }

    @Override
    public long getListenerFailures() {
        return client.metrics().listenerFailures();
    }

    @Override
    public long getStrayAcknowledgements() {
        return client.metrics().strayAcknowledgements();
    }

    @Override
    public long getConnections() {
        return client.metrics().connections();
    }

    @Override
    public long getAttempts() {
        return client.metrics().attempts();
    }

    @Override
    public long getSessionsLost() {
        return client.metrics().sessionsLost();
    }

    @Override
    public long getSubscriptionsRefused() {
        return client.metrics().subscriptionsRefused();
    }
}
