/**
 * The MQTT session: one state machine for every protocol version, without sockets, files or threads. Packets and time
 * go in, packets and events come out. Everything here is confined to the io thread.
 */
package mqtt.resilient.impl.session;
