package mqtt.resilient.impl.link;

import mqtt.resilient.impl.world.World;
import mqtt.resilient.spi.NetworkState;

/** A network whose state a test says. */
final class FakeNetwork {
    private final World world;
    private int bounces;

    /** Becomes what the world's client hears of. */
    FakeNetwork(World world, NetworkState state) {
        this.world = world;
        world.client.bouncer(() -> bounces++);
        is(state);
    }

    FakeNetwork is(NetworkState state) {
        world.client.networkChanged(state);
        world.scheduler.run();
        return this;
    }

    /** How often it was asked to go down and up. */
    int bounces() {
        world.scheduler.run();
        return bounces;
    }
}
