/** Counts the tests of a build. */
package mqtt.resilient.summary;
