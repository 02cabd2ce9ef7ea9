/** Keeps accepted messages behind the session's {@code MessageStore}. */
package mqtt.resilient.impl.store;
