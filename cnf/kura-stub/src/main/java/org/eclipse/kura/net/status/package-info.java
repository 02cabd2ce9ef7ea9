@Export
@Version("1.1.0")
package org.eclipse.kura.net.status;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
