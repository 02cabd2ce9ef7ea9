/** A cloud connection of Kura on our engine. */
package mqtt.resilient.kura.cloud;
