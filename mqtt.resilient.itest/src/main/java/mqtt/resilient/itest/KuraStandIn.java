package mqtt.resilient.itest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.eclipse.kura.KuraErrorCode;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.configuration.ConfigurableComponent;
import org.eclipse.kura.crypto.CryptoService;
import org.eclipse.kura.system.SystemService;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.cm.ConfigurationListener;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;
import org.osgi.util.tracker.ServiceTracker;

/**
 * Does with configurations what Kura does, as far as a component notices: forms are read by the name of their file and
 * the raw names of their elements, defaults and {@code kura.service.pid} are filled in, passwords are encrypted,
 * nothing is validated. docs/kura.md lists what it does, and which of Kura's classes does that. What it made is gone
 * when it is closed.
 */
final class KuraStandIn implements AutoCloseable {
    static final String PID = "kura.service.pid";
    private static final int VECTOR_BYTES = 12;
    private static final int CHECK_BITS = 128;
    private static final SecretKeySpec KEY = new SecretKeySpec("0123456789abcdef".getBytes(StandardCharsets.US_ASCII),
            "AES");

    private final BundleContext context;
    private final ConfigurationAdmin admin;
    /** What Kura takes for the {@code service.pid} of each component that it knows. */
    private final Map<String, String> servicePids = new ConcurrentHashMap<>();
    /** Components with a configuration. */
    private final Set<String> made = ConcurrentHashMap.newKeySet();
    private final ServiceTracker<ConfigurableComponent, ConfigurableComponent> components;
    private final Deque<ServiceRegistration<?>> services = new ArrayDeque<>();
    private final Path data;

    KuraStandIn(BundleContext context) {
        this.context = context;
        admin = context.getService(context.getServiceReference(ConfigurationAdmin.class));
        try {
            data = Files.createTempDirectory("itest-kura-data");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        components = new ServiceTracker<>(context, ConfigurableComponent.class, null) {
            @Override
            public ConfigurableComponent addingService(ServiceReference<ConfigurableComponent> reference) {
                ConfigurableComponent component = super.addingService(reference);
                Object pid = reference.getProperty(PID);
                Object servicePid = reference.getProperty(Constants.SERVICE_PID);
                if (component != null && pid != null && servicePid != null) { // one text, whatever it is
                    register(pid.toString(), servicePid.toString(),
                            (String) reference.getProperty(ConfigurationAdmin.SERVICE_FACTORYPID));
                }
                return component;
            }

            @Override
            public void removedService(ServiceReference<ConfigurableComponent> reference,
                    ConfigurableComponent component) {
                super.removedService(reference, component);
                if (reference.getProperty(PID) != null) {
                    servicePids.remove(reference.getProperty(PID));
                }
            }
        };
        components.open();
    }

    /** With the two services that every Kura has. */
    static KuraStandIn complete(BundleContext context) {
        KuraStandIn kura = new KuraStandIn(context);
        kura.register(CryptoService.class, new Crypto());
        kura.registerSystem();
        return kura;
    }

    // ---- services -------------------------------------------------------------------------------------------------

    <S> ServiceRegistration<S> register(Class<S> type, S service, String... properties) {
        Hashtable<String, Object> all = new Hashtable<>();
        for (int i = 0; i < properties.length; i += 2) {
            all.put(properties[i], properties[i + 1]);
        }
        ServiceRegistration<S> registration = context.registerService(type, service, all);
        services.push(registration);
        return registration;
    }

    void registerSystem() {
        register(SystemService.class, new SystemService() {
            @Override
            public String getPrimaryMacAddress() {
                return "00:11:22:33:44:55";
            }

            @Override
            public String getKuraDataDirectory() {
                return data.toString();
            }

            @Override
            public String getSerialNumber() {
                return "1";
            }
        });
    }

    Path data() {
        return data;
    }

    /** AES in Kura's format: vector and cipher text in Base64. What is not in it is refused. */
    static final class Crypto implements CryptoService {
        @Override
        public char[] encryptAes(char[] value) throws KuraException {
            byte[] vector = new byte[VECTOR_BYTES];
            new SecureRandom().nextBytes(vector);
            Base64.Encoder base64 = Base64.getEncoder();
            byte[] encrypted = run(Cipher.ENCRYPT_MODE, vector, new String(value).getBytes(StandardCharsets.UTF_8));
            return (base64.encodeToString(vector) + "-" + base64.encodeToString(encrypted)).toCharArray();
        }

        @Override
        public char[] decryptAes(char[] value) throws KuraException {
            String[] parts = new String(value).split("-");
            if (parts.length != 2) {
                throw new KuraException(KuraErrorCode.DECODER_ERROR, "not encrypted");
            }
            Base64.Decoder base64 = Base64.getDecoder();
            return new String(run(Cipher.DECRYPT_MODE, base64.decode(parts[0]), base64.decode(parts[1])),
                    StandardCharsets.UTF_8).toCharArray();
        }

        private static byte[] run(int mode, byte[] vector, byte[] text) throws KuraException {
            try {
                Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
                cipher.init(mode, KEY, new GCMParameterSpec(CHECK_BITS, vector));
                return cipher.doFinal(text);
            } catch (GeneralSecurityException e) {
                throw new KuraException(KuraErrorCode.DECODER_ERROR, e);
            }
        }
    }

    static String encrypted(String clear) {
        try {
            return new String(new Crypto().encryptAes(clear.toCharArray()));
        } catch (KuraException e) {
            throw new IllegalStateException(e);
        }
    }

    // ---- configurations -------------------------------------------------------------------------------------------

    /** Makes a component as the console does ("New component"), and waits as long as it would. */
    ServiceReference<ConfigurableComponent> create(String factory, String pid, Object... keysAndValues) {
        Map<String, Object> given = new HashMap<>();
        put(given, keysAndValues);
        create(factory, pid, given);
        return component(pid);
    }

    private synchronized void create(String factory, String pid, Map<String, Object> given) {
        try {
            Configuration configuration = admin.createFactoryConfiguration(factory, "?");
            Map<String, Object> properties = KuraForms.defaults(bundleOf(factory), factory);
            properties.putAll(given);
            properties.put(PID, pid);
            configuration.update(new Hashtable<>(properties));
            register(pid, configuration.getPid(), factory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Seeds a single component with its defaults, as Kura does when the bundle is active, and only then. */
    ServiceReference<ConfigurableComponent> seed(Bundle bundle, String pid, Object... keysAndValues) {
        Await.until(bundle + " is active", () -> bundle.getState() == Bundle.ACTIVE);
        Map<String, Object> properties = KuraForms.defaults(bundle, pid);
        properties.put(PID, pid);
        put(properties, keysAndValues);
        put(pid, pid, properties);
        return component(pid);
    }

    /** A component that registers itself: what Kura knows already stays. */
    private synchronized void register(String pid, String servicePid, String factory) {
        if (servicePids.putIfAbsent(pid, servicePid) == null && factory != null) {
            Map<String, Object> properties = KuraForms.defaults(bundleOf(factory), factory);
            properties.putAll(configuration(pid));
            properties.putIfAbsent(PID, pid);
            put(pid, servicePid, properties);
        }
    }

    private synchronized void put(String pid, String servicePid, Map<String, Object> properties) {
        try {
            admin.getConfiguration(servicePid, "?").update(new Hashtable<>(properties));
            made.add(pid);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return what the console shows of a component, and a snapshot keeps; it changes nothing} */
    synchronized Map<String, Object> configuration(String pid) {
        try {
            return values(admin.getConfiguration(servicePids.getOrDefault(pid, pid), "?").getProperties());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, Object> values(Dictionary<String, Object> properties) {
        Map<String, Object> values = new HashMap<>();
        if (properties != null) {
            properties.keys().asIterator().forEachRemaining(key -> values.put(key, properties.get(key)));
        }
        return values;
    }

    /** Changes values of a component ("Apply"); the others are sent as the console shows them. */
    void update(String pid, Object... keysAndValues) {
        Map<String, Object> properties = configuration(pid);
        String form = String.valueOf(properties.getOrDefault(ConfigurationAdmin.SERVICE_FACTORYPID, pid));
        KuraForms.form(bundleOf(form), form).forEach(field -> field.show(properties));
        put(properties, keysAndValues);
        replace(pid, properties);
    }

    /** Chooses a service in a field that ends with {@code .target}; nothing can be typed there, nor taken away. */
    void choose(String pid, String field, String choice) {
        String factory = (String) configuration(pid).get(ConfigurationAdmin.SERVICE_FACTORYPID);
        String reference = field.substring(0, field.length() - ".target".length());
        List<Object> offered = Stream.of(description(factory).references)
                .filter(each -> each.name.equals(reference))
                .flatMap(each -> references(each.interfaceName)).map(each -> each.getProperty(PID)).toList();
        if (!offered.contains(choice)) {
            throw new AssertionError("the list of " + field + " has " + offered);
        }
        update(pid, field, "(" + PID + "=" + choice + ")");
    }

    private Stream<ServiceReference<?>> references(String type) {
        try {
            ServiceReference<?>[] found = context.getServiceReferences(type, null);
            return found == null ? Stream.of() : Stream.of(found);
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** {@return what DS knows of a component, in which the console looks} */
    ComponentDescriptionDTO description(String name) {
        return context.getService(context.getServiceReference(ServiceComponentRuntime.class))
                .getComponentDescriptionDTOs().stream().filter(each -> each.name.equals(name)).findFirst()
                .orElseThrow();
    }

    /** Gives a component exactly these values, as some paths do: whatever is not among them is gone. */
    void replace(String pid, Map<String, Object> properties) {
        Map<String, Object> all = new HashMap<>(properties);
        all.put(PID, pid);
        put(pid, servicePids.getOrDefault(pid, pid), all);
    }

    private static void put(Map<String, Object> properties, Object... keysAndValues) {
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.put((String) keysAndValues[i], keysAndValues[i + 1]);
            properties.remove(keysAndValues[i], null);
        }
    }

    /** Starts Kura again on emptied storage: the configurations come from what the last snapshot has kept. */
    void restart(Bundle bundle) throws BundleException {
        Map<String, Map<String, Object>> snapshot = new HashMap<>();
        made.forEach(pid -> snapshot.put(pid, configuration(pid)));
        bundle.stop();
        List.copyOf(made).forEach(this::delete);
        bundle.start();
        snapshot.forEach((pid, properties) -> {
            if (properties.get(ConfigurationAdmin.SERVICE_FACTORYPID) instanceof String factory) {
                create(factory, pid, properties);
            } else {
                put(pid, pid, properties);
            }
        });
        snapshot.keySet().forEach(this::component);
    }

    /** {@return the component that Kura has under a PID, as soon as it has} */
    ServiceReference<ConfigurableComponent> component(String pid) {
        Await.until("the component " + pid, () -> find(pid) != null);
        return find(pid);
    }

    private ServiceReference<ConfigurableComponent> find(String pid) {
        try {
            return context.getServiceReferences(ConfigurableComponent.class,
                    "(&(service.pid=*)(" + PID + "=" + pid + "))").stream().findFirst().orElse(null);
        } catch (InvalidSyntaxException e) {
            throw new IllegalArgumentException(Pattern.quote(pid), e);
        }
    }

    /** Deletes the configuration of a component; also one that was made by mistake. */
    void delete(String pid) {
        try {
            Configuration[] all = admin.listConfigurations("(" + PID + "=" + pid + ")");
            for (Configuration each : all == null ? new Configuration[0] : all) {
                each.delete();
            }
        } catch (IOException | InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
        made.remove(pid);
        Await.until("the component " + pid + " is gone", () -> find(pid) == null);
        servicePids.remove(pid);
        awaitDeactivation();
    }

    /**
     * Waits until DS has done all that the configurations asked of it. A component whose service has gone may still be
     * deactivated. Kura's services are always there, but those of the next stand-in would come in the middle of it,
     * which SCR 2.1.16 does not survive: it forgets services, and changes of other components.
     */
    private void awaitDeactivation() {
        String marker = "itest.marker." + System.nanoTime();
        CompletableFuture<Void> told = new CompletableFuture<>();
        ServiceRegistration<ConfigurationListener> listener = context.registerService(ConfigurationListener.class,
                event -> {
                    if (marker.equals(event.getPid())) { // events are told one after the other, to DS too
                        told.complete(null);
                    }
                }, null);
        try {
            Configuration configuration = admin.getConfiguration(marker, "?");
            configuration.update(new Hashtable<>(Map.of("any", "value")));
            Await.result(told);
            configuration.delete();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            listener.unregister();
        }
    }

    Bundle bundleOf(String pid) {
        return Stream.of(context.getBundles()).filter(bundle -> bundle.getSymbolicName().startsWith("mqtt.resilient.")
                && bundle.getEntry("OSGI-INF/metatype/" + pid + ".xml") != null).findFirst().orElseThrow();
    }

    @Override
    public void close() {
        try {
            List.copyOf(made).forEach(this::delete);
        } finally {
            components.close();
            services.forEach(ServiceRegistration::unregister);
        }
    }
}
