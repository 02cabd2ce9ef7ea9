package mqtt.resilient.kura.cloud;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import mqtt.resilient.spi.OutsideText;
import org.eclipse.kura.cloudconnection.CloudConnectionConstants;
import org.eclipse.kura.cloudconnection.CloudConnectionManager;
import org.eclipse.kura.cloudconnection.CloudEndpoint;
import org.eclipse.kura.cloudconnection.listener.CloudConnectionListener;
import org.eclipse.kura.configuration.ConfigurationService;
import org.osgi.framework.BundleContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a publisher and a subscriber have in common: the endpoint that they are made for, ours or another one. */
class EndpointUser implements CloudConnectionListener {
    static final Logger LOG = LoggerFactory.getLogger("mqtt.resilient");
    static final String ENDPOINT = CloudConnectionConstants.CLOUD_ENDPOINT_SERVICE_PID_PROP_NAME.value();

    private final List<CloudConnectionListener> connectionListeners = new CopyOnWriteArrayList<>();
    private Bound<CloudEndpoint> bound;
    private volatile CloudEndpoint endpoint;
    private volatile Map<String, Object> properties = Map.of();

    /** The endpoint; null = none. */
    final CloudEndpoint endpoint() {
        return endpoint;
    }

    final Map<String, Object> properties() {
        return properties;
    }

    final String pid() {
        return Values.text(properties, ConfigurationService.KURA_SERVICE_PID, "");
    }

    final void start(BundleContext context, Map<String, Object> newProperties) {
        bound = new Bound<>(context, CloudEndpoint.class, ConfigurationService.KURA_SERVICE_PID, this::bind,
                this::unbind);
        update(newProperties);
    }

    final void update(Map<String, Object> newProperties) {
        configure(newProperties);
        bound.to(Values.text(newProperties, ENDPOINT, ""));
    }

    void configure(Map<String, Object> newProperties) {
        properties = Map.copyOf(newProperties);
    }

    /** Reports a configuration that is not usable: one that nobody has filled in yet is no error. */
    final String rejected(String required, boolean first, IllegalArgumentException e) {
        if (first && Values.text(properties, required, "").isEmpty()) {
            LOG.info("{}: waits until a value is entered ({})", pid(), required);
            return required + ": no value is entered yet";
        }
        LOG.error("{}: configuration rejected: {}; nothing changes", pid(), e.getMessage());
        return e.getMessage();
    }

    final void stop() {
        bound.close();
    }

    void bind(CloudEndpoint newEndpoint) {
        endpoint = newEndpoint;
        if (newEndpoint instanceof CloudConnectionManager manager) {
            manager.registerCloudConnectionListener(this);
        }
    }

    void unbind(CloudEndpoint oldEndpoint) {
        if (oldEndpoint instanceof CloudConnectionManager manager) {
            manager.unregisterCloudConnectionListener(this);
        }
        if (endpoint == oldEndpoint) {
            endpoint = null;
        }
    }

    public final void registerCloudConnectionListener(CloudConnectionListener listener) {
        connectionListeners.add(listener);
    }

    public final void unregisterCloudConnectionListener(CloudConnectionListener listener) {
        connectionListeners.remove(listener);
    }

    @Override
    public final void onDisconnected() {
        tell(connectionListeners, CloudConnectionListener::onDisconnected);
    }

    @Override
    public final void onConnectionLost() {
        tell(connectionListeners, CloudConnectionListener::onConnectionLost);
    }

    @Override
    public final void onConnectionEstablished() {
        tell(connectionListeners, CloudConnectionListener::onConnectionEstablished);
    }

    static <T> void tell(List<T> listeners, Consumer<T> call) {
        for (T listener : listeners) {
            try {
                call.accept(listener);
            } catch (RuntimeException | LinkageError e) {
                LOG.warn("{} failed", listener.getClass().getName(), OutsideText.harmless(e));
            }
        }
    }
}
