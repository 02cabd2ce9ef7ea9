package org.eclipse.kura.configuration.metatype;

import org.osgi.annotation.versioning.ProviderType;

@ProviderType
public interface OCD {
    String getId();

    String getName();

    String getDescription();
}
