/** Kura's DataTransportService on our engine. */
package mqtt.resilient.kura.transport;
