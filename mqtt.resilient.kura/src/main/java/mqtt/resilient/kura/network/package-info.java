/** The state of the network as Kura knows it. */
package mqtt.resilient.kura.network;
