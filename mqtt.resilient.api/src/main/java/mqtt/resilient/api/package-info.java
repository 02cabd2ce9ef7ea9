/**
 * What applications compile against: the client service, messages, listeners and the names of properties and
 * events.
 */
@Version("1.0.0")
@Export
package mqtt.resilient.api;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
