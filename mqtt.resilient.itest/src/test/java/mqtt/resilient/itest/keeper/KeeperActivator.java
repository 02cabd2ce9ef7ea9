package mqtt.resilient.itest.keeper;

import mqtt.resilient.api.Message;
import mqtt.resilient.api.ResilientMqttClient;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.util.tracker.ServiceTracker;

/** A user's bundle: says how many messages of the client {@code kept} are pending, and publishes 100 more. */
public final class KeeperActivator implements BundleActivator {
    private static final int MESSAGES = 100;

    private ServiceTracker<ResilientMqttClient, ResilientMqttClient> tracker;

    @Override
    public void start(BundleContext context) throws InvalidSyntaxException {
        tracker = new ServiceTracker<>(context, FrameworkUtil.createFilter("(&(objectClass="
                + ResilientMqttClient.class.getName() + ")(mqtt.client=kept))"), null) {
            @Override
            public ResilientMqttClient addingService(ServiceReference<ResilientMqttClient> reference) {
                ResilientMqttClient client = context.getService(reference);
                new Thread(() -> publish(client), "itest-keeper").start();
                return client;
            }
        };
        tracker.open();
    }

    private static void publish(ResilientMqttClient client) {
        // Behind those that were stored before.
        client.publish(Message.to("kept/first").payload("0").build()).stored().toCompletableFuture().join();
        System.out.println("kept before: " + (client.metrics().pending() - 1));
        for (int i = 1; i < MESSAGES; i++) {
            client.publish(Message.to("kept/next").payload(String.valueOf(i)).build()).stored().toCompletableFuture()
                    .join();
        }
        System.out.println("kept now: " + client.metrics().pending());
    }

    @Override
    public void stop(BundleContext context) {
        tracker.close();
    }
}
