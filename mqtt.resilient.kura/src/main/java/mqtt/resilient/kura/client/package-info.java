/** The client as a component of Kura: configuration, passwords, state directory, status LED, watchdog. */
package mqtt.resilient.kura.client;
