/** What the other bundles of this product implement or use. Internal to the product: import by exact minor version. */
@Version("1.0.0")
@Export
package mqtt.resilient.spi;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
