package mqtt.resilient.kura.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a console may put into the network's configuration. */
class NetworkSettingsTest {
    @Test
    void nothingAtAllIsTheDefaultAndTheDefaultIsThatOfTheForm() throws NoSuchMethodException {
        assertEquals(NetworkSettings.DEFAULT, NetworkSettings.of(Map.of()));
        assertEquals(NetworkSettings.DEFAULT.pollSeconds(),
                NetworkConfig.class.getDeclaredMethod("poll_seconds").getDefaultValue());
        assertEquals(NetworkSettings.DEFAULT.bounceSeconds(),
                NetworkConfig.class.getDeclaredMethod("bounce_seconds").getDefaultValue());
    }

    @Test
    void valuesOfOtherTypesThatMeanTheSameAreTaken() {
        assertEquals(new NetworkSettings(List.of("eth0", "ppp0"), 7, "ppp0", 9), NetworkSettings.of(Map.of("interfaces",
                " eth0, ppp0,", "poll.seconds", "7", "bounce.interface", new String[] { "ppp0" }, "bounce.seconds",
                9L)));
        assertEquals(List.of(), NetworkSettings.of(Map.of("interfaces", new String[0])).interfaces());
    }

    static Stream<Arguments> bad() {
        return Stream.of(arguments("interfaces", "eth 0"), arguments("interfaces", new int[] { 1 }),
                arguments("poll.seconds", 0), arguments("poll.seconds", 3601), arguments("poll.seconds", "soon"),
                arguments("poll.seconds", new Integer[] { 1 }), arguments("bounce.interface", "a,b"),
                arguments("bounce.seconds", 1.5));
    }

    @ParameterizedTest
    @MethodSource("bad")
    void aBadValueIsNamedWithItsKeyAndWhatIsAllowed(String key, Object value) {
        String message = assertThrows(IllegalArgumentException.class, () -> NetworkSettings.of(Map.of(key, value)))
                .getMessage();
        assertTrue(message.startsWith(key + ": ") && message.contains("allowed: "), message);
    }
}
