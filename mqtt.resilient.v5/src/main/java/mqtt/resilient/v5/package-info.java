/**
 * MQTT 5 (OASIS standard, 2019): packets, properties, reason codes and topic aliases, behind
 * {@link mqtt.resilient.spi.ProtocolVersion}. The session is the engine's.
 */
package mqtt.resilient.v5;
