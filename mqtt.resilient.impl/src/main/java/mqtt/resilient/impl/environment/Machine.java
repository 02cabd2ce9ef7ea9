package mqtt.resilient.impl.environment;

import java.util.Set;

/**
 * What a machine is known by, all as hashes.
 *
 * @param id the machine id; empty = it has none
 * @param addresses the hardware addresses of the built-in network adapters that are there now
 * @param earlier what versions before 1.0 made of both
 */
public record Machine(String id, Set<String> addresses, String earlier) {
}
