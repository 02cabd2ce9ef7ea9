package mqtt.resilient.kura.network;

import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import mqtt.resilient.spi.NetworkState;
import mqtt.resilient.spi.NetworkStateSource;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.configuration.ConfigurableComponent;
import org.eclipse.kura.configuration.ConfigurationService;
import org.eclipse.kura.net.status.NetworkStatusService;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.event.EventConstants;
import org.osgi.service.event.EventHandler;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The network as Kura knows it. Kura tells nobody of changes, so it is asked, on the thread {@code mqtt-kura-network}:
 * its answers may take long. Only while Kura knows something is this a {@link NetworkStateSource}; else the engine
 * looks itself.
 */
@Component(name = NetworkConfig.PID, service = ConfigurableComponent.class, immediate = true,
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = NetworkConfig.class)
public final class KuraNetwork implements ConfigurableComponent, NetworkStateSource {
    private static final Logger LOG = LoggerFactory.getLogger(KuraNetwork.class);
    /** A knowing source that was there is not given up for one answer that failed. */
    private static final int FAILURES_TO_UNKNOWN = 3;
    private static final String EVENTS = "org/eclipse/kura/net/*";
    private static final long BOUNCE_NANOS = TimeUnit.MINUTES.toNanos(5);

    private final BundleContext bundle;
    private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> {
        Thread thread = new Thread(task, "mqtt-kura-network");
        thread.setDaemon(true);
        return thread;
    }, new ThreadPoolExecutor.DiscardPolicy());
    private final List<Consumer<NetworkState>> listeners = new CopyOnWriteArrayList<>();
    private final AtomicBoolean asked = new AtomicBoolean();
    private final AtomicBoolean bouncing = new AtomicBoolean();
    private volatile NetworkStatusService statusService;
    private volatile ConfigurationService configurationService;
    private volatile NetworkSettings settings = NetworkSettings.DEFAULT;
    private volatile NetworkView view = NetworkView.UNKNOWN;
    private final ServiceRegistration<EventHandler> events;
    private ScheduledFuture<?> poll;
    private final Object registering = new Object();
    private boolean stopped;
    private ServiceRegistration<NetworkStateSource> registration;
    /** On the thread of the executor only. */
    private int failures;
    private long nextBounce = System.nanoTime();

    @Activate
    public KuraNetwork(BundleContext bundle, Map<String, Object> properties) {
        this.bundle = bundle;
        configure(properties);
        // That something has happened is a reason to ask, no more. Not a service of the component: the next event would
        // wait for five seconds while a configuration is being taken.
        events = bundle.registerService(EventHandler.class, event -> lookSoon(),
                new Hashtable<>(Map.of(EventConstants.EVENT_TOPIC, EVENTS)));
    }

    @Modified
    void modified(Map<String, Object> properties) {
        configure(properties);
    }

    private synchronized void configure(Map<String, Object> properties) {
        try {
            settings = NetworkSettings.of(properties);
        } catch (IllegalArgumentException e) {
            LOG.error("{}: configuration rejected: {}; nothing changes", NetworkConfig.PID, e.getMessage());
        }
        if (poll != null) {
            poll.cancel(false);
        }
        poll = executor.scheduleWithFixedDelay(this::look, 0, settings.pollSeconds(), TimeUnit.SECONDS);
    }

    @Deactivate
    void stop() {
        events.unregister();
        executor.shutdownNow(); // a bounce ends at once, and enables what it has disabled
        synchronized (registering) {
            stopped = true;
            unregister();
        }
    }

    // ---- Kura's services ------------------------------------------------------------------------------------------

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void setStatusService(NetworkStatusService service) {
        statusService = service;
        lookSoon();
    }

    void unsetStatusService(NetworkStatusService service) {
        statusService = statusService == service ? null : statusService;
        lookSoon();
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void setConfigurationService(ConfigurationService service) {
        configurationService = service;
    }

    void unsetConfigurationService(ConfigurationService service) {
        configurationService = configurationService == service ? null : configurationService;
    }

    // ---- looking --------------------------------------------------------------------------------------------------

    private void lookSoon() {
        if (asked.compareAndSet(false, true)) {
            executor.execute(this::look);
        }
    }

    private void look() {
        asked.set(false);
        NetworkView now = NetworkView.UNKNOWN;
        try {
            NetworkStatusService service = statusService;
            if (service != null) {
                now = NetworkView.of(service, settings.interfaces());
            }
            failures = 0;
        } catch (KuraException | RuntimeException | LinkageError e) { // foreign code, and packages of other versions
            if (++failures == 1) {
                LOG.warn("Kura's network state cannot be read; it is UNKNOWN", e);
            }
            now = failures < FAILURES_TO_UNKNOWN ? view : now;
        }
        try {
            take(now);
        } catch (RuntimeException e) { // a listener, or the framework is stopping: looking goes on
            LOG.warn("A client could not be told the network state", e);
        }
    }

    private void take(NetworkView now) {
        NetworkView before = view;
        view = now;
        if (!now.equals(before)) {
            LOG.info("Network {} (Kura): {}", now.state(), now.facts());
            if (now.state() != before.state() || now.state() == NetworkState.UP) {
                listeners.forEach(listener -> listener.accept(now.state()));
            }
        }
        synchronized (registering) {
            if (now.state() == NetworkState.UNKNOWN || stopped) {
                unregister();
            } else if (registration == null) {
                registration = bundle.registerService(NetworkStateSource.class, this, null);
            }
        }
    }

    private void unregister() {
        if (registration != null) {
            registration.unregister();
            registration = null;
        }
    }

    // ---- the source -----------------------------------------------------------------------------------------------

    @Override
    public String name() {
        return "kura";
    }

    @Override
    public NetworkState state() {
        return view.state();
    }

    @Override
    public AutoCloseable listen(Consumer<NetworkState> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    @Override
    public void bounce() {
        String name = settings.bounceInterface();
        ConfigurationService service = configurationService;
        if (!name.isEmpty() && service != null && bouncing.compareAndSet(false, true)) {
            executor.execute(() -> {
                bouncing.set(false);
                if (System.nanoTime() - nextBounce >= 0) {
                    nextBounce = System.nanoTime() + BOUNCE_NANOS;
                    Bounce.run(service, name, settings.bounceSeconds());
                    look();
                }
            });
        }
    }
}
