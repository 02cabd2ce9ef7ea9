/** Frames and MQTT 3.1.1 on the wire; knows nothing of sessions. */
package mqtt.resilient.impl.codec;
