package org.eclipse.kura.system;

import org.osgi.annotation.versioning.ProviderType;

/** Those that not every stand-in implements have a default here, unlike in Kura. */
@ProviderType
public interface SystemService {
    String getPrimaryMacAddress();

    String getKuraDataDirectory();

    String getSerialNumber();

    default String getDeviceName() {
        return null;
    }

    default String getModelName() {
        return null;
    }

    default String getModelId() {
        return null;
    }

    default String getPartNumber() {
        return null;
    }

    default String getFirmwareVersion() {
        return null;
    }

    default String getBiosVersion() {
        return null;
    }

    default String getOsName() {
        return null;
    }

    default String getOsVersion() {
        return null;
    }

    default String getOsArch() {
        return null;
    }

    default String getJavaVmName() {
        return null;
    }

    default String getJavaVmVersion() {
        return null;
    }

    default String getJavaVmInfo() {
        return null;
    }

    default String getJavaVendor() {
        return null;
    }

    default String getJavaVersion() {
        return null;
    }

    default String getKuraVersion() {
        return null;
    }

    default String getOsgiFwName() {
        return null;
    }

    default String getOsgiFwVersion() {
        return null;
    }

    default int getNumberOfProcessors() {
        return 0;
    }

    default long getTotalMemory() {
        return 0;
    }
}
