package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.itest.KuraForms.Attribute;
import org.eclipse.kura.configuration.ConfigurableComponent;
import org.eclipse.kura.crypto.CryptoService;
import org.eclipse.kura.status.CloudConnectionStatusComponent;
import org.eclipse.kura.status.CloudConnectionStatusEnum;
import org.eclipse.kura.status.CloudConnectionStatusService;
import org.eclipse.kura.watchdog.CriticalComponent;
import org.eclipse.kura.watchdog.WatchdogService;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;

/** The client as a component of Kura. */
class KuraClientTest extends FrameworkTest {
    private static final String PLAIN = "mqtt.resilient.client";
    private static final String FACTORY = "mqtt.resilient.kura.client";

    private KuraStandIn kura;

    private KuraStandIn kura() {
        kura = closing(KuraStandIn.complete(context));
        return kura;
    }

    /** What a user types into the form at least, and is quick to try again. */
    private static Object[] settings(String broker, Object... more) {
        List<Object> all = new ArrayList<>(List.of("brokers", broker, "backoff.min.ms", 50,
                "backoff.max.seconds", 1, "protocol", "3.1.1"));
        all.addAll(List.of(more));
        return all.toArray();
    }

    private ResilientMqttClient connected(String name, Object... more) {
        kura().create(FACTORY, name, settings(broker.uri(), more));
        ResilientMqttClient client = clients.service(name);
        Clients.awaitConnected(client);
        return client;
    }

    private static void delivers(ResilientMqttClient client) {
        assertEquals(Outcome.Kind.DELIVERED, Await.result(client.publish(Message.to("x").build()).delivered()).kind());
    }

    // ---- the form -------------------------------------------------------------------------------------------------

    @Test
    void theFormInKuraIsThatOfTheFactoryAttributeByAttribute() {
        Map<String, Attribute> plain = byId(KuraForms.form(bundle("mqtt.resilient.impl"), PLAIN));
        Map<String, Attribute> inKura = byId(KuraForms.form(bundle("mqtt.resilient.kura"), FACTORY));
        Set<String> added = new HashSet<>(inKura.keySet());
        added.removeAll(plain.keySet());
        assertEquals(Set.of("SslManagerService.target", "kura.ssl.manager", "kura.status.led", "kura.watchdog.minutes",
                "topic.context.account-name"),
                added);
        plain.forEach((id, attribute) -> {
            Attribute other = inKura.get(id);
            assertNotNull(other, id);
            assertEquals(attribute.options(), other.options(), id);
            Map<String, String> expected = new HashMap<>(attribute.values());
            Map<String, String> actual = new HashMap<>(other.values());
            if (Set.of("mqtt.client", "store.directory", "tls.keystore", "tls.truststore").contains(id)) {
                expected.remove("description"); // it says what is the default in Kura
                actual.remove("description");
            }
            if (!attribute.isPassword() && expected.remove("cardinality") != null) {
                expected.merge("description", " One in each line.|TextArea", String::concat);
            }
            if (id.equals("brokers")) {
                expected.put("default", "");
            }
            if (id.equals("mqtt.client")) {
                expected.put("required", "false");
                expected.put("default", "");
            }
            assertEquals(expected, actual, id);
            assertEquals(id.startsWith("."), other.isPassword(), id);
            assertFalse(other.values().get("name").isBlank() || other.values().get("name").startsWith("%"), id);
        });
        assertEquals(Map.of("factoryPid", FACTORY), KuraForms.designate(bundle("mqtt.resilient.kura"), FACTORY));
    }

    private static Map<String, Attribute> byId(List<Attribute> form) {
        return form.stream().collect(Collectors.toMap(Attribute::id, each -> each));
    }

    @Test
    void kuraOffersItsOwnFactoryAndNotThePlainOne() {
        assertTrue(kura().description(PLAIN).properties.containsKey("kura.ui.factory.hide"));
        assertFalse(kura.description(FACTORY).properties.containsKey("kura.ui.factory.hide"));
    }

    // ---- life -----------------------------------------------------------------------------------------------------

    @Test
    void aNewComponentIsAClientOfItsNameThatKeepsItsStateInKurasDataDirectory() {
        ResilientMqttClient client = connected("plant");
        delivers(client);
        assertEquals("plant", client.status().client());
        assertTrue(Files.isDirectory(kura.data().resolve("mqtt.resilient/plant.journal")));
        kura.delete("plant");
        Await.until("the client is gone", () -> clients.references("plant").isEmpty());
    }

    @Test
    void aComponentWithDefaultsAloneIsThereAndConnectsToNothingBeforeABrokerIsEntered() {
        ServiceReference<ConfigurableComponent> component = kura().create(FACTORY, "new");
        assertEquals("new", component.getProperty(KuraStandIn.PID));
        assertEquals(FACTORY, component.getProperty("service.factoryPid"));
        kura.update("new", "keepalive.seconds", 77);
        Await.until("it is changed",
                () -> Integer.valueOf(77).equals(kura.component("new").getProperty("keepalive.seconds")));
        assertTrue(clients.references("new").isEmpty());
        kura.update("new", "brokers", broker.uri());
        ResilientMqttClient client = clients.service("new");
        Clients.awaitConnected(client);
        kura.update("new", "brokers", "");
        Await.until("it is rejected", () -> client.status().configurationError().startsWith("brokers: "));
        delivers(client);
    }

    @Test
    void anUpdateKeepsTheComponentAndMissingKeysHaveTheirDefaults() {
        ResilientMqttClient client = connected("plant");
        ServiceReference<ConfigurableComponent> component = kura.component("plant");
        Statuses statuses = Statuses.of(client);
        kura.replace("plant", Map.of("brokers", broker.uri(), "protocol", "3.1.1", "inflight.max", "7"));
        delivers(client);
        assertEquals("", client.status().configurationError());
        assertEquals(component, kura.component("plant"));
        assertEquals(List.of(ConnectionState.ONLINE), statuses.states());
    }

    @Test
    void withoutTheServiceThatKnowsTheDataDirectoryTheComponentWaitsForIt() {
        kura = closing(new KuraStandIn(context));
        kura.create(FACTORY, "plant", settings(broker.uri()));
        ResilientMqttClient client = clients.service("plant");
        Await.until("the reason", () -> client.status().configurationError().contains("SystemService"));
        assertEquals(ConnectionState.FAILED, client.status().state());
        kura.registerSystem();
        Clients.awaitConnected(client);
        assertEquals("", client.status().configurationError());
    }

    @Test
    void applyingAFormLosesNoneOfTwelveSubscriptionsOrBrokers() {
        String filters = IntStream.range(0, 12).mapToObj(i -> "list,/" + i + ";1").collect(Collectors.joining("\n"));
        String brokers = broker.uri() + "\n" + IntStream.range(0, 11).mapToObj(i -> "mqtt://none-" + i + ".invalid")
                .collect(Collectors.joining("\r\n"));
        ResilientMqttClient client = connected("plant", "subscriptions", filters, "brokers", brokers);
        kura.update("plant", "keepalive.seconds", 77);
        Events events = closing(new Events(context));
        delivers(client);
        assertEquals(brokers, kura.configuration("plant").get("brokers"));
        for (int i = 0; i < 12; i++) {
            client.publish(Message.to("list,/" + i).build());
        }
        Await.until("all have arrived",
                () -> events.of(MqttConstants.EVENT_MESSAGE, "plant").stream()
                        .map(each -> each.getProperty(MqttConstants.TOPIC)).distinct().count() == 12);
    }

    // ---- bad input ------------------------------------------------------------------------------------------------

    static Stream<Arguments> badValues() {
        return Stream.of(
                arguments("brokers", new String[0], "brokers: an empty list"),
                arguments("brokers", 1883, "brokers: "),
                arguments("keepalive.seconds", "often", "keepalive.seconds: \"often\""),
                arguments("keepalive.seconds", new Integer[] { 1, 2 }, "keepalive.seconds: "),
                arguments("mqtt.client", new String[] { "a", "b" }, "mqtt.client: "),
                arguments("store.directory", new String[] { "/a", "/b" }, "store.directory: "),
                arguments("kura.status.led", "bright", "kura.status.led: \"bright\""),
                arguments("kura.watchdog.minutes", -1, "kura.watchdog.minutes: \"-1\""),
                arguments("kura.watchdog.minutes", new String[] { "1", "2" }, "kura.watchdog.minutes: "),
                arguments("SslManagerService.target", "((", "SslManagerService.target: \"((\""),
                arguments("SslManagerService.target", "", "SslManagerService.target: \"\""),
                arguments("SslManagerService.target", "none", "SslManagerService.target: \"none\""),
                arguments(".ws.headers", new String[11], ".ws.headers: 11 lines; allowed: at most 10"),
                arguments("kura.ssl.manager", "perhaps", "kura.ssl.manager: \"perhaps\""),
                arguments(".password", "geheim", "user: "),
                arguments("will.topic", "#client-id/x", "will.topic: \"#client-id/x\" is not allowed without"),
                arguments("will.topic", "a/#", "will.topic: "));
    }

    @ParameterizedTest
    @MethodSource("badValues")
    void aValueThatCannotBeUsedIsNamedAndTheLastGoodConfigurationKeepsRunning(String key, Object value,
            String expected) {
        ResilientMqttClient client = connected("solid");
        ServiceReference<ConfigurableComponent> component = kura.component("solid");
        Statuses statuses = Statuses.of(client);
        kura.update("solid", key, value);
        Await.until(key + " is refused", () -> client.status().configurationError().contains(expected));
        assertFalse(client.status().configurationError().contains("geheim"));
        delivers(client);
        assertEquals(component, kura.component("solid"));
        List<Object> good = new ArrayList<>(Arrays.asList(key, null));
        good.addAll(List.of(settings(broker.uri(), "inflight.max", 8)));
        kura.update("solid", good.toArray());
        Await.until("the good one is taken", () -> client.status().configurationError().isEmpty());
        delivers(client);
        assertEquals(List.of(ConnectionState.ONLINE), statuses.states());
    }

    static Stream<Arguments> strangeValues() {
        return Stream.of(arguments("keepalive.seconds", "45"), arguments("inflight.max", 9L),
                arguments("clean.start", "FALSE"), arguments("kura.status.led", "false"),
                arguments("kura.watchdog.minutes", "0"), arguments("store.max.bytes", 4096),
                arguments("will.topic", new String[0]), arguments(".password", new String[0]),
                arguments("no.such.key", new Object[] { 1 }[0]), arguments("kura.ssl.manager", "FALSE"));
    }

    @ParameterizedTest
    @MethodSource("strangeValues")
    void aValueOfAnotherTypeThatMeansTheSameIsTaken(String key, Object value) {
        ResilientMqttClient client = connected("solid", key, value);
        assertEquals("", client.status().configurationError());
    }

    @Test
    void aComponentThatBeginsWithABadConfigurationIsThereAndWorksWhenItIsGood() {
        kura().create(FACTORY, "late", settings("nonsense"));
        ResilientMqttClient client = clients.service("late");
        Await.until("the reason", () -> client.status().configurationError().contains("nonsense"));
        ServiceReference<ConfigurableComponent> component = kura.component("late");
        kura.update("late", "brokers", broker.uri());
        Clients.awaitConnected(client);
        assertEquals(component, kura.component("late"));
    }

    // ---- secrets --------------------------------------------------------------------------------------------------

    @Test
    void aPasswordIsDecryptedAndOneThatIsNotEncryptedIsTakenAsItIs() {
        KuraLogins logins = closing(new KuraLogins());
        kura().create(FACTORY, "plant",
                settings(logins.uri(), "user", "me", ".password", KuraStandIn.encrypted("geheim")));
        logins.await("me", "geheim");
        kura.update("plant", ".password", "clear-text");
        logins.await("me", "clear-text");
        kura.update("plant", ".password", new String[] { KuraStandIn.encrypted("third") });
        logins.await("me", "third");
    }

    @Test
    void theWordThatTheConsoleShowsInsteadOfAPasswordKeepsThePassword() {
        KuraLogins logins = closing(new KuraLogins());
        kura().create(FACTORY, "plant",
                settings(logins.uri(), "user", "me", ".password", KuraStandIn.encrypted("geheim")));
        logins.await("me", "geheim");
        kura.update("plant", "user", "you", ".password", "Placeholder");
        logins.await("you", "geheim");
    }

    @Test
    void aPasswordThatCannotBeDecryptedYetIsNotSentAsItIs() {
        KuraLogins logins = closing(new KuraLogins());
        kura = closing(new KuraStandIn(context));
        kura.registerSystem();
        String encrypted = KuraStandIn.encrypted("geheim");
        kura.create(FACTORY, "plant", settings(logins.uri(), "user", "me", ".password", encrypted));
        ResilientMqttClient client = clients.service("plant");
        Await.until("the reason", () -> client.status().configurationError().contains("CryptoService"));
        kura.register(CryptoService.class, new KuraStandIn.Crypto());
        logins.await("me", "geheim");
        assertFalse(logins.all().stream().anyMatch(login -> login.contains(encrypted)));
    }

    // ---- status LED and watchdog ----------------------------------------------------------------------------------

    @Test
    void theStatusLedFollowsTheConnection() {
        Map<CloudConnectionStatusComponent, CloudConnectionStatusEnum> lights = new ConcurrentHashMap<>();
        connected("plant", "kura.status.led", true);
        kura.register(CloudConnectionStatusService.class, new CloudConnectionStatusService() {
            @Override
            public void register(CloudConnectionStatusComponent component) {
                lights.put(component, component.getNotificationStatus());
            }

            @Override
            public void unregister(CloudConnectionStatusComponent component) {
                lights.remove(component);
            }

            @Override
            public boolean updateStatus(CloudConnectionStatusComponent component, CloudConnectionStatusEnum status) {
                component.setNotificationStatus(status);
                return lights.replace(component, status) != null;
            }
        });
        Await.until("the light is on", () -> lights.containsValue(CloudConnectionStatusEnum.ON));
        clients.service("plant").disconnect();
        Await.until("the light is off", () -> lights.containsValue(CloudConnectionStatusEnum.OFF));
        clients.service("plant").connect();
        Await.until("the light is on", () -> lights.containsValue(CloudConnectionStatusEnum.ON));
        kura.update("plant", "kura.status.led", false);
        Await.until("nothing is shown", lights::isEmpty);
    }

    @Test
    void theWatchdogHearsOfTheClientOnlyWhenThatIsAskedFor() {
        Set<CriticalComponent> critical = ConcurrentHashMap.newKeySet();
        Set<CriticalComponent> alive = ConcurrentHashMap.newKeySet();
        connected("plant");
        ServiceRegistration<WatchdogService> dog = kura.register(WatchdogService.class, new WatchdogService() {
            @Override
            public void registerCriticalComponent(CriticalComponent component) {
                critical.add(component);
            }

            @Override
            public void unregisterCriticalComponent(CriticalComponent component) {
                critical.remove(component);
            }

            @Override
            public void checkin(CriticalComponent component) {
                alive.add(component);
            }
        });
        assertEquals(Set.of(), critical);
        kura.update("plant", "kura.watchdog.minutes", 5);
        Await.until("the client checks in", () -> !alive.isEmpty());
        assertEquals(alive, critical);
        CriticalComponent component = critical.iterator().next();
        assertEquals("plant", component.getCriticalComponentName());
        assertEquals(300_000, component.getCriticalComponentTimeout());
        kura.update("plant", "kura.watchdog.minutes", 0);
        Await.until("the watchdog is left alone", critical::isEmpty);
        assertNotNull(dog.getReference());
    }
}
