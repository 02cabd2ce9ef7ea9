package mqtt.resilient.impl.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** A slow link is not a dead link. */
class SlowLinkTest {
    private static final int MESSAGES = 50;

    private static World full() {
        World world = World.connected();
        world.broker.takesBytes(1000);
        for (int i = 0; i < MESSAGES; i++) {
            world.publish("t", "x".repeat(100));
        }
        return world;
    }

    /**
     * A system says that there is room only when a third of its buffer is free: at 1 KB/s that is half a minute, in which
     * acknowledgements arrive for what was in the buffer.
     */
    @Test
    void aNetworkThatTakesNothingForLongWhileAcknowledgementsArriveIsSlow() {
        World world = full();
        for (int id = 1; id <= 8; id++) {
            world.broker.after(Duration.ofSeconds(4)).sends("PUBACK id=" + id);
            assertEquals(ConnectionState.ONLINE, world.state(), world::reason);
        }
        world.broker.takesBytes(Integer.MAX_VALUE);
        for (int id = 9; id <= MESSAGES; id++) {
            world.broker.sends("PUBACK id=" + id);
        }
        assertEquals(MESSAGES, world.client.metrics().delivered());
    }

    @Test
    void aNetworkThatTakesNothingWhileNothingArrivesIsDead() {
        World world = full();
        world.broker.after(Duration.ofMillis(10_100));
        assertEquals(ConnectionState.WAITING, world.state());
        assertTrue(world.reason().contains("the network took none of") || world.reason().contains("no acknowledgement"),
                world::reason);
    }
}
