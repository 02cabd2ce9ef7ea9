package mqtt.resilient.itest.consumer;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.function.Consumer;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;

/**
 * Copied into a bundle of its own: a consumer of the ordinary careless kind. It subscribes {@code consumer/#} of the
 * client {@code consumed}, hands every payload to the test's {@link Consumer} service, and closes nothing when it
 * stops.
 */
public final class ConsumerActivator implements BundleActivator {
    private BundleContext context;

    @Override
    public void start(BundleContext started) throws InvalidSyntaxException {
        context = started;
        Collection<ServiceReference<ResilientMqttClient>> found = started.getServiceReferences(
                ResilientMqttClient.class,
                "(mqtt.client=consumed)");
        started.getService(found.iterator().next()).subscribe("consumer/#", SubscribeOptions.qos(Qos.AT_LEAST_ONCE),
                message -> tell(new String(message.payload(), StandardCharsets.UTF_8)));
    }

    @SuppressWarnings("unchecked")
    private void tell(String payload) throws InvalidSyntaxException {
        ServiceReference<?> test = context.getServiceReferences(Consumer.class.getName(), "(itest=inbox)")[0];
        ((Consumer<String>) context.getService(test)).accept(payload);
    }

    @Override
    public void stop(BundleContext stopped) {
        // leaves its subscription open
    }
}
