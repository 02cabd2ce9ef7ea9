/**
 * The MQTT control packets, neutral of the protocol version. Acknowledgements and pings are no objects but primitives
 * (packet type, packet identifier, reason code), because they are the hot path. Internal to the product.
 */
@Version("1.0.0")
@Export
package mqtt.resilient.spi.packet;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
