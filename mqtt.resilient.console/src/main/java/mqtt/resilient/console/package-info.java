/**
 * See the clients and steer them: what the engine tells ({@link mqtt.resilient.spi.ClientInspector}) and posts, as
 * shell commands, as metrics and as a page.
 */
package mqtt.resilient.console;
