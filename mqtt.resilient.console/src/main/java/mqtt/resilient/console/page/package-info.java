/**
 * The page for the browser: a jakarta servlet in the Felix web console, or behind an authenticating context. What it
 * costs, it costs while a page is open. {@link mqtt.resilient.console.page.Pages} holds the open ones.
 */
package mqtt.resilient.console.page;
