package org.eclipse.kura.system;

import org.osgi.annotation.versioning.ProviderType;

@ProviderType
public interface SystemAdminService {
    /** In milliseconds. */
    String getUptime();
}
