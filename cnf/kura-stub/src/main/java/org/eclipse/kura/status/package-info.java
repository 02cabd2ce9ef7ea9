@Export
@Version("1.0.2")
package org.eclipse.kura.status;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
