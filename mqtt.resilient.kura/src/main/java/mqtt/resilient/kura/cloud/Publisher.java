package mqtt.resilient.kura.cloud;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.eclipse.kura.KuraErrorCode;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.cloudconnection.CloudEndpoint;
import org.eclipse.kura.cloudconnection.listener.CloudDeliveryListener;
import org.eclipse.kura.cloudconnection.message.KuraMessage;
import org.eclipse.kura.cloudconnection.publisher.CloudPublisher;
import org.eclipse.kura.configuration.ConfigurableComponent;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;

/**
 * Publishes through an endpoint, to the topic of its configuration. Listeners hear of every message of the endpoint.
 */
@Component(name = PublisherConfig.PID, service = { CloudPublisher.class, ConfigurableComponent.class },
        immediate = true,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        property = { "service.pid=" + PublisherConfig.PID, "cloud.connection.factory.pid=" + EndpointConfig.PID,
            "kura.ui.service.hide=true", "kura.ui.factory.hide=true" })
@Designate(ocd = PublisherConfig.class, factory = true)
public final class Publisher extends EndpointUser
        implements
            CloudPublisher,
            CloudDeliveryListener,
            ConfigurableComponent {
    private final List<CloudDeliveryListener> deliveryListeners = new CopyOnWriteArrayList<>();
    private volatile Map<String, Object> options;
    private volatile String problem = "";

    @Activate
    void activate(BundleContext context, Map<String, Object> properties) {
        start(context, properties);
    }

    @Modified
    void modified(Map<String, Object> properties) {
        update(properties);
    }

    @Deactivate
    void deactivate() {
        stop();
    }

    @Override
    void configure(Map<String, Object> properties) {
        super.configure(properties);
        try {
            options = Map.of(Endpoint.TOPIC, Values.require(properties, Endpoint.TOPIC),
                    Endpoint.QOS, Values.number(properties, Endpoint.QOS, 0, 2),
                    Endpoint.RETAIN, Values.flag(properties, Endpoint.RETAIN),
                    Endpoint.PRIORITY, Values.number(properties, Endpoint.PRIORITY, Endpoint.DEFAULT_PRIORITY,
                            Integer.MAX_VALUE));
            problem = "";
        } catch (IllegalArgumentException e) {
            problem = rejected(Endpoint.TOPIC, options == null, e);
        }
    }

    @Override
    void bind(CloudEndpoint endpoint) {
        super.bind(endpoint);
        endpoint.registerCloudDeliveryListener(this);
    }

    @Override
    void unbind(CloudEndpoint endpoint) {
        endpoint.unregisterCloudDeliveryListener(this);
        super.unbind(endpoint);
    }

    @Override
    public String publish(KuraMessage message) throws KuraException {
        Map<String, Object> now = options;
        CloudEndpoint endpoint = endpoint();
        if (now == null) {
            throw new KuraException(KuraErrorCode.CONFIGURATION_ERROR, problem);
        } else if (endpoint == null) {
            throw new KuraException(KuraErrorCode.SERVICE_UNAVAILABLE, pid() + ": there is no cloud endpoint \""
                    + Values.text(properties(), ENDPOINT, "") + "\" (" + ENDPOINT + ")");
        }
        return endpoint.publish(new KuraMessage(message.getPayload(), now));
    }

    @Override
    public void registerCloudDeliveryListener(CloudDeliveryListener listener) {
        deliveryListeners.add(listener);
    }

    @Override
    public void unregisterCloudDeliveryListener(CloudDeliveryListener listener) {
        deliveryListeners.remove(listener);
    }

    @Override
    public void onMessageConfirmed(String messageId) {
        tell(deliveryListeners, listener -> listener.onMessageConfirmed(messageId));
    }
}
