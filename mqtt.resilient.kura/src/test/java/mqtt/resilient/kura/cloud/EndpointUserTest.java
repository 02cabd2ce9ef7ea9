package mqtt.resilient.kura.cloud;

import java.util.List;
import mqtt.resilient.kura.HostileFailure;
import org.junit.jupiter.api.Test;

/** What a publisher or a subscriber of a cloud connection does with its listeners. */
class EndpointUserTest {
    @Test
    void theFailureOfAListenerCannotForgeALineOfTheLog() throws Throwable {
        HostileFailure.assertLoggedHarmless(() -> EndpointUser.tell(List.of("a listener"), any -> {
            throw new HostileFailure();
        }));
    }
}
