/** Declarative Services: what an OSGi framework sees of the engine. */
package mqtt.resilient.impl.component;
