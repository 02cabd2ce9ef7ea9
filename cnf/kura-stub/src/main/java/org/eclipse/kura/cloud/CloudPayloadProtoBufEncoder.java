package org.eclipse.kura.cloud;

import org.eclipse.kura.KuraException;
import org.eclipse.kura.message.KuraPayload;
import org.osgi.annotation.versioning.ProviderType;

@ProviderType
public interface CloudPayloadProtoBufEncoder {
    byte[] getBytes(KuraPayload kuraPayload, boolean gzipped) throws KuraException;
}
