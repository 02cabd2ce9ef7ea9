/**
 * The way to a broker: when to try ({@link mqtt.resilient.impl.link.Supervisor}), which broker ({@code BrokerList}),
 * whose session ({@code SessionOwner}), one attempt ({@code Attempt}), and one connection ({@code Link}) with its
 * {@code Handshake} and its {@code Liveness}.
 */
package mqtt.resilient.impl.link;
