package mqtt.resilient.itest;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.eclipse.kura.KuraErrorCode;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.configuration.ConfigurableComponent;
import org.eclipse.kura.crypto.CryptoService;
import org.eclipse.kura.system.SystemService;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/**
 * Does with configurations what Kura does, as far as a component notices: forms are read by the name of their file and
 * the raw names of their elements, defaults and {@code kura.service.pid} are filled in, passwords are encrypted,
 * nothing is validated. What it made is gone when it is closed.
 */
final class KuraStandIn implements AutoCloseable {
    static final String PID = "kura.service.pid";
    private static final int VECTOR_BYTES = 12;
    private static final int CHECK_BITS = 128;
    private static final SecretKeySpec KEY = new SecretKeySpec("0123456789abcdef".getBytes(StandardCharsets.US_ASCII),
            "AES");

    /** One attribute of a form, as the raw XML has it. */
    record Attribute(Map<String, String> values, Map<String, String> options) {
        String id() {
            return values.get("id");
        }

        boolean isPassword() {
            return "Password".equals(values.get("type"));
        }

        private boolean isArray() {
            return Math.abs(Integer.parseInt(values.getOrDefault("cardinality", "0"))) > 1;
        }
    }

    private final BundleContext context;
    private final ConfigurationAdmin admin;
    private final Map<String, Configuration> configurations = new HashMap<>();
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

    // ---- forms ----------------------------------------------------------------------------------------------------

    /** Reads a form as Kura does; fails where Kura would show nothing. */
    static List<Attribute> form(Bundle bundle, String pid) {
        Element ocd = only(document(bundle, pid), "OCD");
        if (!ocd.getAttribute("id").equals(pid)) {
            throw new AssertionError("the OCD of " + pid + " has the id " + ocd.getAttribute("id"));
        }
        List<Attribute> attributes = new ArrayList<>();
        for (Element each : elements(ocd, "AD")) {
            Map<String, String> options = new HashMap<>();
            for (Element option : elements(each, "Option")) {
                if (options.put(option.getAttribute("label"), option.getAttribute("value")) != null) {
                    throw new AssertionError("two options of " + each.getAttribute("id") + " have the same label");
                }
            }
            attributes.add(new Attribute(attributes(each), options));
        }
        return attributes;
    }

    /** {@return the attributes of the Designate} */
    static Map<String, String> designate(Bundle bundle, String pid) {
        return attributes(only(document(bundle, pid), "Designate"));
    }

    private static Element document(Bundle bundle, String pid) {
        URL file = bundle.getEntry("OSGI-INF/metatype/" + pid + ".xml");
        if (file == null) {
            throw new AssertionError("Kura finds no form for " + pid);
        }
        try (InputStream in = file.openStream()) {
            return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(in).getDocumentElement();
        } catch (IOException | ParserConfigurationException | SAXException e) {
            throw new AssertionError(e);
        }
    }

    private static Element only(Element in, String name) {
        List<Element> all = elements(in, name);
        if (all.size() != 1) {
            throw new AssertionError(all.size() + " elements " + name);
        }
        return all.get(0);
    }

    private static List<Element> elements(Element in, String name) {
        List<Element> all = new ArrayList<>();
        NodeList nodes = in.getChildNodes();
        for (int i = 0; i < nodes.getLength(); i++) {
            if (nodes.item(i).getNodeName().equals(name)) {
                all.add((Element) nodes.item(i));
            }
        }
        return all;
    }

    private static Map<String, String> attributes(Element element) {
        Map<String, String> all = new HashMap<>();
        for (int i = 0; i < element.getAttributes().getLength(); i++) {
            Node each = element.getAttributes().item(i);
            all.put(each.getNodeName(), each.getNodeValue());
        }
        return all;
    }

    private static Map<String, Object> defaults(Bundle bundle, String pid) {
        Map<String, Object> all = new HashMap<>();
        for (Attribute each : form(bundle, pid)) {
            String text = each.values.getOrDefault("default", "");
            if (!text.isEmpty()) {
                Object[] values = Stream.of(each.isArray() ? text.split(",") : new String[] { text })
                        .map(one -> value(each.values.get("type"), one)).toArray();
                all.put(each.id(), each.isArray() ? Stream.of(values).toArray(String[]::new) : values[0]);
            }
        }
        return all;
    }

    private static Object value(String type, String text) {
        return switch (type) {
            case "Integer" -> Integer.valueOf(text);
            case "Long" -> Long.valueOf(text);
            case "Double" -> Double.valueOf(text);
            case "Boolean" -> Boolean.valueOf(text);
            case "Password" -> encrypted(text);
            case "String" -> text;
            default -> throw new AssertionError("Kura knows no type " + type);
        };
    }

    // ---- configurations -------------------------------------------------------------------------------------------

    /** Makes a component as the console does ("New component"), and waits as long as it would. */
    ServiceReference<ConfigurableComponent> create(String factory, String pid, Object... keysAndValues) {
        try {
            Configuration configuration = admin.createFactoryConfiguration(factory, "?");
            configurations.put(pid, configuration);
            Map<String, Object> properties = defaults(bundleOf(factory), factory);
            properties.put(PID, pid);
            put(properties, keysAndValues);
            configuration.update(new Hashtable<>(properties));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return component(pid);
    }

    /** Seeds a single component with its defaults, as Kura does when the bundle is active, and only then. */
    ServiceReference<ConfigurableComponent> seed(Bundle bundle, String pid, Object... keysAndValues) {
        Await.until(bundle + " is active", () -> bundle.getState() == Bundle.ACTIVE);
        try {
            Configuration configuration = admin.getConfiguration(pid, "?");
            configurations.put(pid, configuration);
            Map<String, Object> properties = defaults(bundle, pid);
            properties.put(PID, pid);
            put(properties, keysAndValues);
            configuration.update(new Hashtable<>(properties));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return component(pid);
    }

    /** Changes values of a component ("Apply"); the others stay. */
    void update(String pid, Object... keysAndValues) {
        Map<String, Object> properties = new HashMap<>();
        configurations.get(pid).getProperties().keys().asIterator()
                .forEachRemaining(key -> properties.put(key, configurations.get(pid).getProperties().get(key)));
        put(properties, keysAndValues);
        replace(pid, properties);
    }

    /** Gives a component exactly these values, as some paths do: whatever is not among them is gone. */
    void replace(String pid, Map<String, Object> properties) {
        Map<String, Object> all = new HashMap<>(properties);
        all.put(PID, pid);
        try {
            configurations.get(pid).update(new Hashtable<>(all));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void put(Map<String, Object> properties, Object... keysAndValues) {
        for (int i = 0; i < keysAndValues.length; i += 2) {
            if (keysAndValues[i + 1] == null) {
                properties.remove(keysAndValues[i]);
            } else {
                properties.put((String) keysAndValues[i], keysAndValues[i + 1]);
            }
        }
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

    void delete(String pid) {
        try {
            configurations.remove(pid).delete();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Await.until("the component " + pid + " is gone", () -> find(pid) == null);
    }

    Bundle bundleOf(String pid) {
        return Stream.of(context.getBundles()).filter(bundle -> bundle.getSymbolicName().startsWith("mqtt.resilient.")
                && bundle.getEntry("OSGI-INF/metatype/" + pid + ".xml") != null).findFirst().orElseThrow();
    }

    @Override
    public void close() {
        try {
            List.copyOf(configurations.keySet()).forEach(this::delete);
        } finally {
            services.forEach(ServiceRegistration::unregister);
        }
    }
}
