package mqtt.resilient.kura.store;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import mqtt.resilient.api.Durability;
import mqtt.resilient.spi.MessageStores;
import mqtt.resilient.spi.MessageStores.MessageJournal;
import mqtt.resilient.spi.OutsideText;
import org.eclipse.kura.KuraStoreException;
import org.eclipse.kura.configuration.ConfigurableComponent;
import org.eclipse.kura.connection.listener.ConnectionListener;
import org.eclipse.kura.message.store.provider.MessageStore;
import org.eclipse.kura.message.store.provider.MessageStoreProvider;
import org.eclipse.kura.system.SystemService;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stores for Kura's DataServices, in the format of the engine's own. Safe from any thread. */
@Component(name = StoreConfig.PID, service = { MessageStoreProvider.class, ConfigurableComponent.class },
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = StoreConfig.class, factory = true)
public final class JournalStoreProvider implements MessageStoreProvider, ConfigurableComponent {
    private static final Logger LOG = LoggerFactory.getLogger("mqtt.resilient");
    private static final int LONGEST_NAME = 80;

    @Reference
    MessageStores journals;
    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    volatile SystemService system;

    private final List<ConnectionListener> listeners = new CopyOnWriteArrayList<>();
    private final Set<MessageStore> open = ConcurrentHashMap.newKeySet();
    private volatile StoreSettings settings;
    private volatile String problem = "";
    private volatile Map<String, Object> latest = Map.of();

    @Activate
    void activate(Map<String, Object> properties) {
        StoreSettings read = read(properties);
        if (read != null) {
            settings = read;
        }
    }

    /** Another place: Kura lets go of its stores, and opens them again when it needs them. */
    @Modified
    void modified(Map<String, Object> properties) {
        StoreSettings read = read(properties);
        StoreSettings before = settings;
        if (read == null) {
            return;
        }
        boolean moves = before != null && !before.isSamePlace(read);
        if (moves) {
            letGo();
        }
        settings = read;
        if (moves || before == null) {
            tell(ConnectionListener::connected);
        }
    }

    @Deactivate
    void deactivate() {
        letGo();
    }

    private void letGo() {
        tell(ConnectionListener::disconnected);
        open.forEach(MessageStore::close);
    }

    /** Null if it is not usable. */
    private StoreSettings read(Map<String, Object> properties) {
        latest = properties;
        try {
            SystemService systemNow = system;
            StoreSettings read = StoreSettings.read(properties,
                    systemNow == null ? null : systemNow.getKuraDataDirectory());
            problem = "";
            return read;
        } catch (RuntimeException e) { // also Kura's
            problem = String.valueOf(e.getMessage());
            LOG.error("{}: configuration rejected: {}; nothing changes", properties.get("kura.service.pid"), problem);
            return null;
        }
    }

    @Override
    public MessageStore openMessageStore(String name) throws KuraStoreException {
        if (settings == null) {
            settings = read(latest); // Kura's SystemService may have come
        }
        StoreSettings now = settings;
        if (now == null) {
            throw new KuraStoreException("configuration rejected: " + problem);
        }
        String file = fileName(name);
        MessageJournal messages = null;
        MessageJournal states = null;
        try {
            messages = journals.open(now.directory(), file, now.durability());
            states = journals.open(now.directory(), file + ".published", Durability.PROCESS);
            JournalMessageStore[] made = new JournalMessageStore[1];
            made[0] = new JournalMessageStore(messages, states, () -> settings, System::currentTimeMillis,
                    () -> open.remove(made[0]));
            open.add(made[0]);
            return made[0];
        } catch (IOException | RuntimeException e) {
            if (messages != null) {
                messages.close();
            }
            if (states != null) {
                states.close();
            }
            throw new KuraStoreException(e, e.getMessage());
        }
    }

    /** A name for files, another one for each name. */
    static String fileName(String name) {
        String allowed = name.replaceAll("[^A-Za-z0-9._-]", "_");
        return allowed.equals(name) && name.length() <= LONGEST_NAME && !name.isEmpty() ? name
                : allowed.substring(0, Math.min(LONGEST_NAME, allowed.length())) + "-"
                        + Integer.toHexString(name.hashCode());
    }

    @Override
    public void addListener(ConnectionListener listener) {
        listeners.add(listener);
    }

    @Override
    public void removeListener(ConnectionListener listener) {
        listeners.remove(listener);
    }

    private void tell(Consumer<ConnectionListener> call) {
        for (ConnectionListener listener : listeners) {
            try {
                call.accept(listener);
            } catch (RuntimeException | LinkageError e) {
                LOG.warn("{} failed", listener.getClass().getName(), OutsideText.harmless(e));
            }
        }
    }
}
