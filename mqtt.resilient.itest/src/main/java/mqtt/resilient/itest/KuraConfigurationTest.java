package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.osgi.framework.Bundle;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;

/** What Kura keeps of the configuration of each component. */
class KuraConfigurationTest extends FrameworkTest {
    private static final String PREFIX = "mqtt.resilient.kura.";

    private final KuraStandIn kura = closing(KuraStandIn.complete(context));
    private final Bundle bundle = bundle("mqtt.resilient.kura");

    static Stream<Arguments> components() {
        return Stream.of(arguments("client", "keepalive.seconds", 77),
                arguments("transport", "client-id", "typed"),
                arguments("store", "store", "process"),
                arguments("cloud.CloudEndpoint", "mqtt.client", "typed"),
                arguments("cloud.CloudPublisher", "topic", "typed"),
                arguments("cloud.CloudSubscriber", "topic.filter", "typed"));
    }

    @ParameterizedTest
    @MethodSource("components")
    void aComponentKeepsItsConfigurationWhenItsBundleIsStoppedAndStarted(String name, String key, Object typed)
            throws Exception {
        kura.create(PREFIX + name, "mine", key, typed, "cloud.endpoint.service.pid", "endpoint");
        Map<String, String> before = texts(kura.configuration("mine"));
        closing(bundle::start);
        bundle.stop();
        bundle.start();
        kura.component("mine");
        assertEquals(before, texts(kura.configuration("mine")));
        kura.update("mine", "another.key", 1);
        assertEquals(typed, kura.component("mine").getProperty(key));
        Await.until("it is changed",
                () -> Integer.valueOf(1).equals(kura.component("mine").getProperty("another.key")));
    }

    private static Map<String, String> texts(Map<String, Object> values) {
        return values.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey,
                each -> Arrays.deepToString(new Object[] { each.getValue() })));
    }

    @ParameterizedTest
    @MethodSource("components")
    void aComponentHasItsConfigurationWhenKuraStartsOnEmptiedStorage(String name, String key, Object typed)
            throws Exception {
        kura.create(PREFIX + name, "mine", key, typed, "cloud.endpoint.service.pid", "endpoint");
        closing(bundle::start);
        kura.restart(bundle);
        kura.restart(bundle);
        assertEquals(typed, kura.configuration("mine").get(key));
        assertEquals(typed, kura.component("mine").getProperty(key));
    }

    @Test
    void theNetworkKeepsItsConfigurationToo() throws Exception {
        kura.seed(bundle, PREFIX + "network", "poll.seconds", 77);
        closing(bundle::start);
        bundle.stop();
        bundle.start();
        kura.component(PREFIX + "network");
        assertEquals(77, kura.configuration(PREFIX + "network").get("poll.seconds"));
        kura.restart(bundle);
        assertEquals(77, kura.component(PREFIX + "network").getProperty("poll.seconds"));
    }

    /** The console fills the list of such a field from the reference, and lets nobody type anything. */
    @ParameterizedTest
    @MethodSource("components")
    void everyFieldForAServiceHasAReferenceOfItsName(String name) {
        List<String> references = Stream.of(kura.description(PREFIX + name).references)
                .map(each -> each.name + ".target").toList();
        assertEquals(List.of(), KuraForms.form(bundle, PREFIX + name).stream().map(KuraForms.Attribute::id)
                .filter(id -> id.endsWith(".target") && !references.contains(id)).toList());
    }

    @Test
    void thePageAndTheMetricsAreConfiguredInKuraToo() throws Exception {
        String pid = "mqtt.resilient.console";
        Bundle console = bundle(pid);
        kura.seed(console, pid);
        kura.update(pid, "servlet.context", "none-of-that-name");
        assertEquals(false, kura.configuration(pid).get("metrics"));
        closing(bundle::start);
        bundle.stop();
        bundle.start();
        Await.until("it is changed",
                () -> "none-of-that-name".equals(kura.component(pid).getProperty("servlet.context")));
    }

    /** The console looks into the description of a component for what can be made for a cloud connection. */
    @ParameterizedTest
    @ValueSource(strings = { "cloud.CloudPublisher", "cloud.CloudSubscriber" })
    void publishersAndSubscribersAreOfferedForTheCloudConnection(String name) {
        ComponentDescriptionDTO description = kura.description(PREFIX + name);
        assertEquals(PREFIX + name, description.properties.get("service.pid"));
        assertEquals(PREFIX + "cloud.CloudEndpoint", description.properties.get("cloud.connection.factory.pid"));
    }
}
