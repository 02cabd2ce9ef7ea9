/** Makes clients from properties: what an OSGi framework and a plain program have in common. */
package mqtt.resilient.impl.engine;
