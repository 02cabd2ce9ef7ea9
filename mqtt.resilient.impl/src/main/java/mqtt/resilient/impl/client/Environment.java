package mqtt.resilient.impl.client;

import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import mqtt.resilient.impl.environment.Completions;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.environment.Scheduler;

/**
 * What a client is given instead of the machine.
 *
 * @param scheduler time and the loop
 * @param network the network
 * @param random for jitter
 * @param listeners runs listeners; any number at once
 * @param completions makes stages of users, and completes them, one at a time
 */
public record Environment(Scheduler scheduler, Network network, RandomGenerator random, Executor listeners,
        Completions completions) {
}
