@Export
@Version("2.7.0")
package org.eclipse.kura.net;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
