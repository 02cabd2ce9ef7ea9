package mqtt.resilient.kura.client;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.kura.tls.SslManagerMaterial;
import mqtt.resilient.kura.transport.TopicVariables;
import mqtt.resilient.spi.ClientFactory;
import org.eclipse.kura.configuration.ConfigurableComponent;
import org.eclipse.kura.configuration.ConfigurationService;
import org.eclipse.kura.crypto.CryptoService;
import org.eclipse.kura.ssl.SslManagerService;
import org.eclipse.kura.status.CloudConnectionStatusService;
import org.eclipse.kura.system.SystemService;
import org.eclipse.kura.watchdog.WatchdogService;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client for each component that somebody makes in Kura's console. Its form is made at build time from that of the
 * factory {@code mqtt.resilient.client}. Kura validates nothing and never sees a component again that failed to start:
 * whatever the configuration is and whichever of Kura's services are missing, the component is there, and the client
 * says what it lacks.
 */
@Component(name = KuraClient.PID, service = ConfigurableComponent.class, immediate = true,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        // Kura's console offers what this reference can select; SslManagerMaterial follows the one of the last valid
        // configuration, which DS knows nothing of
        reference = @Reference(name = "SslManagerService", service = SslManagerService.class,
                cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC))
public final class KuraClient implements ConfigurableComponent {
    static final String PID = "mqtt.resilient.kura.client";
    static final String SSL_TARGET = "SslManagerService.target";
    static final String SSL_MANAGER = "kura.ssl.manager";
    static final String ACCOUNT = "topic.context.account-name";
    static final String LED = "kura.status.led";
    static final String WATCHDOG = "kura.watchdog.minutes";
    static final int LONGEST_WATCHDOG_MINUTES = 10_080;

    private static final Logger LOG = LoggerFactory.getLogger(KuraClient.class);
    private static final String DEFAULT_SSL_TARGET = "(kura.service.pid=org.eclipse.kura.ssl.SslManagerService)";
    private static final String NAME = "mqtt.client";
    private static final String BROKERS = "brokers";
    private static final String DIRECTORY = "store.directory";
    /** Lists that are a text in the form; in all others a comma separates as well. */
    private static final Set<String> LINES = Set.of("subscriptions", "will.user.properties", "connect.user.properties");
    private static final String HEADERS = ".ws.headers";
    /** Topics that may hold #account-name and #client-id. */
    private static final List<String> TOPICS = List.of("will.topic", "birth.topic");
    /** Of a list of secrets, for which there is no text area. */
    private static final int MOST_IN_CONSOLE = 10;
    private static final int MILLIS_PER_MINUTE = 60_000;

    private enum Stage {
        /** Kura's services are not bound yet, or not any more. */
        IDLE,
        STARTED,
        /** Nothing was entered yet. */
        WAITS_FOR_BROKER,
        /** The client has a configuration, valid or not. */
        CONFIGURED
    }

    private final BundleContext bundle;
    private final ClientFactory.ManagedMqttClient client;
    private Map<String, Object> properties;
    /** What the secrets of the latest configuration mean. */
    private Map<String, Object> secrets = Map.of();
    /** The client may use an earlier one until a configuration is taken that asks for another one. */
    private final List<SslManagerMaterial> materials = new ArrayList<>();
    private String dataDirectory = "";
    private Stage stage = Stage.IDLE;
    private boolean ledWanted;
    private int watchdogMinutes;
    private volatile StatusLed led;
    private Watchdog watchdog;
    private CryptoService crypto;
    private CloudConnectionStatusService ledService;
    private WatchdogService watchdogService;

    /** Makes the client; it does nothing before {@link #start()}. */
    @Activate
    public KuraClient(BundleContext bundle, @Reference ClientFactory factory, Map<String, Object> properties) {
        this.bundle = bundle;
        this.properties = properties;
        client = factory.make(pid());
        client.client().addConnectionListener(status -> show(led, status));
    }

    /** Kura's services are bound by now, as far as they are there. */
    @Activate
    synchronized void start() {
        stage = Stage.STARTED;
        apply();
    }

    @Modified
    synchronized void modified(Map<String, Object> newProperties) {
        properties = newProperties;
        apply();
    }

    @Deactivate
    synchronized void stop() {
        stage = Stage.IDLE;
        superviseWith(null, null);
        useOnly(null);
        client.dispose(); // with all that was opened on it
    }

    // ---- Kura's services ------------------------------------------------------------------------------------------

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    synchronized void setCryptoService(CryptoService service) {
        crypto = service;
        apply();
    }

    synchronized void unsetCryptoService(CryptoService service) {
        crypto = crypto == service ? null : crypto; // the secrets are known by now
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    synchronized void setSystemService(SystemService service) {
        String directory = service.getKuraDataDirectory();
        dataDirectory = directory == null ? "" : directory;
        apply();
    }

    void unsetSystemService(SystemService service) {
        // the directory is known by now
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    synchronized void setLedService(CloudConnectionStatusService service) {
        ledService = service;
        supervise();
    }

    synchronized void unsetLedService(CloudConnectionStatusService service) {
        ledService = ledService == service ? null : ledService;
        supervise();
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    synchronized void setWatchdogService(WatchdogService service) {
        watchdogService = service;
        supervise();
    }

    synchronized void unsetWatchdogService(WatchdogService service) {
        watchdogService = watchdogService == service ? null : watchdogService;
        supervise();
    }

    // ---- the configuration ----------------------------------------------------------------------------------------

    /** Takes the configuration; nothing is thrown, whatever is in it. */
    private void apply() {
        if (stage == Stage.IDLE || waitsForBroker()) {
            return;
        }
        stage = Stage.CONFIGURED;
        try {
            Map<String, Object> wanted = new HashMap<>(properties);
            wanted.putIfAbsent(BROKERS, ""); // never the default, which is for the plain factory
            LINES.forEach(key -> wanted.computeIfPresent(key, (same, value) -> value instanceof String text
                    ? text.split("\\R")
                    : value));
            if (wanted.get(HEADERS) instanceof Object[] headers && headers.length > MOST_IN_CONSOLE) {
                throw new IllegalArgumentException(HEADERS + ": " + headers.length + " lines; allowed: at most "
                        + MOST_IN_CONSOLE + ", because Kura's console shows and keeps no more");
            }
            Object account = wanted.remove(ACCOUNT);
            for (String key : TOPICS) {
                wanted.computeIfPresent(key, (same, topic) -> topic(key, topic, text(account), wanted));
            }
            boolean newLed = flag(LED, wanted.remove(LED), false);
            int newMinutes = minutes(wanted.remove(WATCHDOG));
            Optional<String> secret = Secrets.reveal(wanted, secrets, crypto);
            if (secret.isPresent()) {
                throw new IllegalArgumentException(secret.get());
            }
            secrets = wanted.entrySet().stream().filter(each -> Secrets.isSecret(each.getKey()))
                    .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
            if (text(wanted.get(NAME)).isEmpty()) {
                wanted.put(NAME, pid());
            }
            if (text(wanted.get(DIRECTORY)).isEmpty()) {
                wanted.put(DIRECTORY, directory());
            }
            SslManagerMaterial tls = material(wanted);
            client.configure(wanted, tls);
            // else the last good one keeps its keys and trust
            if (client.client().status().configurationError().isEmpty()) {
                useOnly(tls);
            }
            ledWanted = newLed;
            watchdogMinutes = newMinutes;
        } catch (IllegalArgumentException e) {
            client.reject(e.getMessage());
        } catch (RuntimeException e) { // Kura would lose the component
            LOG.error("{}: configuration rejected: internal error", pid(), e);
            client.reject("internal error: " + e);
        }
        supervise();
    }

    /** A component that was just made would dial a broker that nobody has entered. */
    private boolean waitsForBroker() {
        boolean entered = text(properties.get(BROKERS)).chars().anyMatch(each -> each != ',' && each > ' ');
        if (entered || stage == Stage.CONFIGURED) {
            return false;
        }
        if (stage == Stage.STARTED) {
            LOG.info("{}: waits until a broker is entered ({})", pid(), BROKERS);
            stage = Stage.WAITS_FOR_BROKER;
        }
        return true;
    }

    private String pid() {
        Object pid = properties.get(ConfigurationService.KURA_SERVICE_PID);
        return String.valueOf(pid == null ? properties.get(Constants.SERVICE_PID) : pid);
    }

    private String directory() {
        if (dataDirectory.isEmpty()) {
            throw new IllegalArgumentException(DIRECTORY
                    + ": empty, and Kura's SystemService, which knows the data directory, is not available yet");
        }
        return Path.of(dataDirectory, "mqtt.resilient").toString();
    }

    /** A topic of the client's own with the values of its variables, as far as there are any. */
    private static Object topic(String key, Object topic, String account, Map<String, Object> wanted) {
        String id = text(wanted.get("client.id"));
        if (!(topic instanceof String text) || !text.contains("#")) {
            return topic; // not touched: the engine says what is wrong with it
        } else if (text.contains("#client-id") && (id.isEmpty() || id.equals("*"))) {
            throw new IllegalArgumentException(key + ": \"" + text
                    + "\" is not allowed without a client.id that is entered, which #client-id stands for");
        }
        return TopicVariables.replace(text, Map.of("account-name", account, "client-id", id));
    }

    /** The SSL manager to use; null = none. */
    private SslManagerMaterial material(Map<String, Object> wanted) {
        Object configured = wanted.remove(SSL_TARGET);
        String target = configured == null ? DEFAULT_SSL_TARGET : text(configured);
        requireFilter(target);
        String alias = text(wanted.get("tls.key.alias"));
        if (!flag(SSL_MANAGER, wanted.remove(SSL_MANAGER), true) || !text(wanted.get("tls.keystore")).isEmpty()
                || !text(wanted.get("tls.truststore")).isEmpty()) {
            return null;
        }
        for (SslManagerMaterial each : materials) {
            if (each.is(target, alias)) {
                return each;
            }
        }
        SslManagerMaterial made = new SslManagerMaterial(bundle, target, alias, this::tlsChanged);
        materials.add(made);
        return made;
    }

    private static void requireFilter(String target) {
        try {
            FrameworkUtil.createFilter(target);
        } catch (InvalidSyntaxException e) {
            throw new IllegalArgumentException(SSL_TARGET + ": \"" + target
                    + "\" is not allowed; allowed: a filter, for example " + DEFAULT_SSL_TARGET, e);
        }
    }

    private void useOnly(SslManagerMaterial material) {
        materials.removeIf(each -> {
            if (each != material) {
                each.close();
            }
            return each != material;
        });
    }

    /** New keys or trust: what has failed with the old ones may succeed; what is connected stays. On any thread. */
    private void tlsChanged() {
        try {
            if (client.client().status().state() == ConnectionState.WAITING) {
                client.client().reconnect();
            }
        } catch (IllegalStateException e) {
            LOG.debug("{}: the client has gone", client, e);
        }
    }

    /** One value of any type. */
    private static String text(Object value) {
        Object one = value instanceof Object[] array ? array.length == 1 ? array[0] : String.join(",", texts(array))
                : value;
        return one == null ? "" : String.valueOf(one).strip();
    }

    private static List<String> texts(Object[] array) {
        return Stream.of(array).map(String::valueOf).toList();
    }

    private static boolean flag(String key, Object value, boolean byDefault) {
        String text = value == null ? String.valueOf(byDefault) : text(value);
        if (!text.equalsIgnoreCase("true") && !text.equalsIgnoreCase("false")) {
            throw new IllegalArgumentException(key + ": \"" + text + "\" is not allowed; allowed: true or false");
        }
        return Boolean.parseBoolean(text);
    }

    private static int minutes(Object value) {
        String text = value == null ? "0" : text(value);
        if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) > LONGEST_WATCHDOG_MINUTES) {
            throw new IllegalArgumentException(
                    WATCHDOG + ": \"" + text + "\" is not allowed; allowed: a whole number from 0"
                            + " to " + LONGEST_WATCHDOG_MINUTES);
        }
        return Integer.parseInt(text);
    }

    // ---- status LED and watchdog ----------------------------------------------------------------------------------

    private void supervise() {
        if (stage != Stage.IDLE) {
            superviseWith(ledWanted ? ledService : null, watchdogMinutes > 0 ? watchdogService : null);
        }
    }

    private void superviseWith(CloudConnectionStatusService forLed, WatchdogService forWatchdog) {
        try {
            if (led != null && !led.isOf(forLed)) {
                led.close();
                led = null;
            }
            if (led == null && forLed != null) {
                led = new StatusLed(forLed);
                led.show(client.client().status());
            }
            int timeoutMillis = watchdogMinutes * MILLIS_PER_MINUTE;
            if (watchdog != null && !watchdog.is(forWatchdog, timeoutMillis)) {
                watchdog.close();
                watchdog = null;
            }
            if (watchdog == null && forWatchdog != null) {
                watchdog = new Watchdog(forWatchdog, pid(), timeoutMillis, client.client()::status);
            }
        } catch (RuntimeException e) { // foreign code
            LOG.warn("{}: Kura's status LED or watchdog service failed", pid(), e);
        }
    }

    private static void show(StatusLed led, ClientStatus status) {
        if (led != null) {
            led.show(status);
        }
    }
}
