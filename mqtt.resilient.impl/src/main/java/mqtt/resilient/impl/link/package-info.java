/** One connection from resolve to close, and the supervisor that decides when to make the next one. */
package mqtt.resilient.impl.link;
