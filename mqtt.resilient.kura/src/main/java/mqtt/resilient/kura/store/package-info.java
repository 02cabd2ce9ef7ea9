/** Kura's MessageStoreProvider on our journal. */
package mqtt.resilient.kura.store;
