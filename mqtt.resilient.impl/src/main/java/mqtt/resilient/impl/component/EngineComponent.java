package mqtt.resilient.impl.component;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import mqtt.resilient.api.Authenticator;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.impl.engine.ClientHandle;
import mqtt.resilient.impl.engine.Engine;
import mqtt.resilient.impl.engine.EventBacklog;
import mqtt.resilient.impl.engine.Host;
import mqtt.resilient.impl.engine.HostThread;
import mqtt.resilient.impl.engine.ManagedClient;
import mqtt.resilient.impl.engine.StopBudget;
import mqtt.resilient.impl.environment.Log;
import mqtt.resilient.impl.link.LinkSettings;
import mqtt.resilient.spi.ClientFactory;
import mqtt.resilient.spi.ClientInspector;
import mqtt.resilient.spi.NetworkStateSource;
import mqtt.resilient.spi.ProtocolVersion;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceFactory;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/**
 * The engine in a framework: gives it the services that it needs, registers its clients as services, and passes on who
 * wants to hear of clients and events. There while at least one client or consumer needs it.
 */
@Component(service = { EngineComponent.class, ClientFactory.class })
public final class EngineComponent implements ClientFactory, Host {
    private static final Log LOG = Log.of("mqtt.resilient");
    private static final long PROTOCOL_STOP_MILLIS = 1500;

    /** Wants to know which clients there are. Called on {@code mqtt-osgi}. */
    interface ClientWatcher {
        /** A client is there, or has a new name or new subscriptions. */
        void added(ManagedClient client);

        /** A client is gone. */
        void removed(ManagedClient client);
    }

    /** Posts events. Called on {@code mqtt-osgi}. */
    interface EventSink {
        void post(String topic, Map<String, Object> properties);
    }

    /** A client as it is registered. */
    private static final class Registered {
        private final String name;
        private List<String> protocols;
        private ServiceRegistration<?> client;
        private ServiceRegistration<?> inspector;

        Registered(String name) {
            this.name = name;
        }
    }

    private final BundleContext context;
    private final Engine engine;
    private final EventBacklog events;
    /** With their methods. */
    private final Map<Authenticator, String> authenticators = new ConcurrentHashMap<>();
    private final Map<NetworkStateSource, Integer> sources = new ConcurrentHashMap<>();
    private final List<EventSink> sinks = new CopyOnWriteArrayList<>();
    /** On mqtt-osgi only. */
    private final Map<ManagedClient, Registered> clients = new LinkedHashMap<>();
    private final List<ClientWatcher> watchers = new ArrayList<>();

    @Activate
    public EngineComponent(BundleContext context) throws IOException {
        this.context = context;
        engine = new Engine("mqtt-osgi", dataArea());
        events = new EventBacklog(engine.host());
    }

    @Deactivate
    void deactivate() throws InterruptedException {
        engine.stop();
    }

    @Override
    public ManagedMqttClient make(String fallbackName) {
        return new ManagedClient(engine, this, fallbackName);
    }

    Engine engine() {
        return engine;
    }

    HostThread osgi() {
        return engine.host();
    }

    // ---- what the engine needs --------------------------------------------------------------------------------------

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addNetworkSource(NetworkStateSource source, Map<String, Object> properties) {
        sources.put(source, properties.get(Constants.SERVICE_RANKING) instanceof Integer ranking ? ranking : 0);
        engine.networkSourcesChanged();
    }

    void removeNetworkSource(NetworkStateSource source) {
        sources.remove(source);
        engine.networkSourcesChanged();
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void setProtocol(ProtocolVersion version) {
        engine.protocol(version);
        osgi().execute(this::offerProtocol);
    }

    /** Returns when no connection uses the version any more, or when that takes too long. */
    void unsetProtocol(ProtocolVersion version) {
        if (engine.protocol() == version) {
            engine.protocol(null);
        }
        if (!engine.isStopped()) { // else no connection is left
            osgi().executeAndWait(() -> offerProtocol().join(), new StopBudget(PROTOCOL_STOP_MILLIS));
        }
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addAuthenticator(Authenticator authenticator, Map<String, Object> properties) {
        if (properties.get(MqttConstants.AUTH_METHOD) instanceof String method) {
            authenticators.put(authenticator, method);
            engine.authenticatorsChanged();
        } else {
            LOG.warn("Authenticator {} ignored: its service property {} is {}; "
                    + "allowed: the name of an authentication method", authenticator, MqttConstants.AUTH_METHOD,
                    properties.get(MqttConstants.AUTH_METHOD));
        }
    }

    void removeAuthenticator(Authenticator authenticator) {
        authenticators.remove(authenticator);
        engine.authenticatorsChanged();
    }

    @Override
    public Path dataArea() {
        File dataArea = context.getDataFile("");
        return dataArea == null ? null : dataArea.toPath();
    }

    @Override
    public boolean isDataAreaCleaned() {
        return Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT
                .equals(context.getProperty(Constants.FRAMEWORK_STORAGE_CLEAN))
                || "true".equals(context.getProperty("osgi.clean"));
    }

    @Override
    public void requireParts(LinkSettings.Version version, String networkSource) {
        // a bundle that is missing may come
    }

    @Override
    public Authenticator authenticator(String method) {
        return authenticators.entrySet().stream().filter(each -> each.getValue().equals(method)).map(Map.Entry::getKey)
                .findFirst().orElse(null);
    }

    @Override
    public NetworkStateSource networkSource(String name) {
        return sources.entrySet().stream()
                .filter(each -> name.equals("auto") || each.getKey().name().equals(name))
                .max(Map.Entry.comparingByValue()).map(Map.Entry::getKey).orElse(null);
    }

    @Override
    public String describe(Object listener) {
        Bundle bundle = FrameworkUtil.getBundle(listener.getClass());
        return Host.className(listener) + (bundle == null ? "" : " of " + bundle.getSymbolicName());
    }

    // ---- what the engine tells --------------------------------------------------------------------------------------

    /** Posts an event in its turn, unless too many wait; without EventAdmin, nowhere. */
    @Override
    public boolean post(String topic, Map<String, Object> properties) {
        return events.post(properties, () -> sinks.forEach(sink -> sink.post(topic, properties)));
    }

    @Override
    public void announce(ManagedClient client) {
        Registered registered = clients.get(client);
        if (registered == null || !registered.name.equals(client.name())) {
            unregister(registered);
            registered = new Registered(client.name());
            clients.put(client, registered);
        }
        register(client, registered);
        update(client, registered);
        if (clients.containsKey(client)) { // else a service listener has stopped the bundle
            watchers.forEach(watcher -> watcher.added(client));
        }
    }

    /** Registers what is not registered yet. */
    private void register(ManagedClient client, Registered registered) {
        if (registered.client == null) {
            registered.protocols = client.protocols();
            registered.client = context.registerService(ResilientMqttClient.class, new Handles(client),
                    properties(registered, registered.protocols));
        }
        if (registered.inspector == null && clients.get(client) == registered) {
            registered.inspector = context.registerService(ClientInspector.class, client.engineClient().inspector(),
                    new Hashtable<>(Map.of(MqttConstants.CLIENT, registered.name)));
        }
    }

    private static Hashtable<String, Object> properties(Registered registered, List<String> protocols) {
        return new Hashtable<>(Map.of(MqttConstants.CLIENT, registered.name,
                MqttConstants.PROTOCOL, protocols.toArray(String[]::new)));
    }

    private static void update(ManagedClient client, Registered registered) {
        List<String> protocols = client.protocols();
        if (registered.client != null && !protocols.equals(registered.protocols)) {
            registered.client.setProperties(properties(registered, protocols));
            registered.protocols = protocols;
        }
    }

    /** The loop waits for nothing, so that this is done soon. */
    private CompletableFuture<Void> offerProtocol() {
        clients.forEach(EngineComponent::update);
        return engine.offerProtocol();
    }

    @Override
    public void withdraw(ManagedClient client) {
        Registered registered = clients.get(client);
        if (registered != null) {
            watchers.forEach(watcher -> watcher.removed(client));
            unregister(registered);
            clients.remove(client); // last: without heap all of this comes again
        }
    }

    private static void unregister(Registered registered) {
        if (registered != null) {
            unregister(registered.client);
            registered.client = null;
            unregister(registered.inspector);
            registered.inspector = null;
        }
    }

    private static void unregister(ServiceRegistration<?> registration) {
        try {
            if (registration != null) {
                registration.unregister();
            }
        } catch (IllegalStateException e) {
            return; // it is unregistered already: this comes again after want of heap
        }
    }

    void add(EventSink sink) {
        sinks.add(sink);
    }

    void remove(EventSink sink) {
        sinks.remove(sink);
    }

    void add(ClientWatcher watcher) {
        osgi().execute(() -> {
            if (!watchers.contains(watcher)) {
                watchers.add(watcher);
            }
            clients.keySet().forEach(watcher::added);
        });
    }

    void remove(ClientWatcher watcher) {
        osgi().execute(() -> {
            watchers.remove(watcher);
            clients.keySet().forEach(watcher::removed);
        });
    }

    /** Bundle scope: a handle for each bundle that uses the client. */
    private record Handles(ManagedClient client) implements ServiceFactory<ResilientMqttClient> {
        @Override
        public ResilientMqttClient getService(Bundle bundle, ServiceRegistration<ResilientMqttClient> of) {
            return client.handle(bundle.getSymbolicName() + " [" + bundle.getBundleId() + "]");
        }

        @Override
        public void ungetService(Bundle bundle, ServiceRegistration<ResilientMqttClient> of,
                ResilientMqttClient handle) {
            ((ClientHandle) handle).release();
        }
    }
}
