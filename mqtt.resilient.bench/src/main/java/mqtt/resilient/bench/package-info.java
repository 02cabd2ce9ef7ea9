/** Benchmarks of the parts; never deployed. */
package mqtt.resilient.bench;
