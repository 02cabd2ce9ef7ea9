/**
 * What the deterministic layers are given instead of the machine: time, network, files. Real on a gateway, models in
 * the simulator.
 */
package mqtt.resilient.impl.environment;
