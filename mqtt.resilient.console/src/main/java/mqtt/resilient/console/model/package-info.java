/** What shell, page and metrics share: which clients there are, what happened to them, and how to say it. */
package mqtt.resilient.console.model;
