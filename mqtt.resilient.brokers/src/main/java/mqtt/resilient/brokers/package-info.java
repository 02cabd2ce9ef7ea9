/** Brokers that the tests start beside Mosquitto and Artemis, each in a process of its own. */
package mqtt.resilient.brokers;
