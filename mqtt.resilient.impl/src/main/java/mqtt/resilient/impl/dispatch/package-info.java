/** From a received message to its listeners and back to its acknowledgement. */
package mqtt.resilient.impl.dispatch;
