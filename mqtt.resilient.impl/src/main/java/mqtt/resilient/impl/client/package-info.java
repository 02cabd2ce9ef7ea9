/** One client: puts admission, store, session, link and dispatch together. Deterministic like they are. */
package mqtt.resilient.impl.client;
