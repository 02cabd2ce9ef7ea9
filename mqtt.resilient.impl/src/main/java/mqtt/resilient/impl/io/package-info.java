/** The machine: one selector loop for all clients, real time, real sockets, real files, real threads. */
package mqtt.resilient.impl.io;
