package mqtt.resilient.kura.cloud;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.eclipse.kura.cloudconnection.CloudEndpoint;
import org.eclipse.kura.cloudconnection.message.KuraMessage;
import org.eclipse.kura.cloudconnection.subscriber.CloudSubscriber;
import org.eclipse.kura.cloudconnection.subscriber.listener.CloudSubscriberListener;
import org.eclipse.kura.configuration.ConfigurableComponent;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;

/** Subscribes through an endpoint, to the filter of its configuration. */
@Component(name = SubscriberConfig.PID, service = { CloudSubscriber.class, ConfigurableComponent.class },
        immediate = true,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        property = { "service.pid=" + SubscriberConfig.PID, "cloud.connection.factory.pid=" + EndpointConfig.PID,
            "kura.ui.service.hide=true", "kura.ui.factory.hide=true" })
@Designate(ocd = SubscriberConfig.class, factory = true)
public final class Subscriber extends EndpointUser
        implements
            CloudSubscriber,
            CloudSubscriberListener,
            ConfigurableComponent {
    private final List<CloudSubscriberListener> subscriberListeners = new CopyOnWriteArrayList<>();
    /** What the last good configuration asks for; null = there was none. */
    private Map<String, Object> options;
    /** What was registered with the endpoint last; null = nothing was. */
    private Map<String, Object> registered;
    /** What the endpoint calls; another one for each registration. */
    private CloudSubscriberListener current;

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
    synchronized void configure(Map<String, Object> properties) {
        super.configure(properties);
        try {
            Map<String, Object> read = Map.of(Endpoint.FILTER, Values.require(properties, Endpoint.FILTER),
                    Endpoint.QOS, Values.number(properties, Endpoint.QOS, 0, 2));
            Endpoint.requireFilter(read);
            options = read;
        } catch (IllegalArgumentException e) {
            rejected(Endpoint.FILTER, options == null, e);
        }
        register();
    }

    @Override
    synchronized void bind(CloudEndpoint endpoint) {
        super.bind(endpoint);
        registered = null;
        register();
    }

    /** Not before somebody listens: what has arrived at nobody would be acknowledged and lost. */
    @SuppressWarnings("UnnecessaryMethodReference") // another object for each registration
    private void register() {
        CloudEndpoint endpoint = endpoint();
        if (endpoint == null || options == null || options.equals(registered) || subscriberListeners.isEmpty()) {
            return;
        }
        try {
            CloudSubscriberListener previous = current;
            CloudSubscriberListener next = this::onMessageArrived;
            endpoint.registerSubscriber(options, next); // throws before anything is changed
            current = next;
            registered = options;
            if (previous != null) {
                endpoint.unregisterSubscriber(previous);
            }
        } catch (RuntimeException e) { // the endpoint may be another one than ours
            LOG.error("{}: the endpoint rejects {}: {}", pid(), options, e.getMessage());
        }
    }

    @Override
    synchronized void unbind(CloudEndpoint endpoint) {
        if (current != null) {
            endpoint.unregisterSubscriber(current);
            current = null;
        }
        super.unbind(endpoint);
    }

    @Override
    public void onMessageArrived(KuraMessage message) {
        if (subscriberListeners.isEmpty()) {
            throw new IllegalStateException(pid() + ": no listener"); // the message is offered again
        }
        for (CloudSubscriberListener listener : subscriberListeners) {
            listener.onMessageArrived(message); // if it throws the message comes again
        }
    }

    @Override
    public synchronized void registerCloudSubscriberListener(CloudSubscriberListener listener) {
        subscriberListeners.add(listener);
        register();
    }

    @Override
    public void unregisterCloudSubscriberListener(CloudSubscriberListener listener) {
        subscriberListeners.remove(listener);
    }
}
