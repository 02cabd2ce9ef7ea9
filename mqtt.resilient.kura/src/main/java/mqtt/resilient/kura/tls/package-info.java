/** Keys and trust from Kura's SslManagerService. */
package mqtt.resilient.kura.tls;
