/** The client without OSGi: for programs on a plain class path. */
package mqtt.resilient.plain;
