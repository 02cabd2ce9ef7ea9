package org.eclipse.kura.system;

import org.osgi.annotation.versioning.ProviderType;

@ProviderType
public interface SystemService {
    String getPrimaryMacAddress();

    String getKuraDataDirectory();

    String getSerialNumber();
}
