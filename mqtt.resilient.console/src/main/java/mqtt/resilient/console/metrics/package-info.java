/** The figures of all clients over HTTP, in the text format of Prometheus. */
package mqtt.resilient.console.metrics;
