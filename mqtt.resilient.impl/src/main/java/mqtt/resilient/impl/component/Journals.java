package mqtt.resilient.impl.component;

import java.io.IOException;
import java.nio.file.Path;
import mqtt.resilient.api.Durability;
import mqtt.resilient.impl.io.LocalFileSystem;
import mqtt.resilient.impl.store.NamedJournal;
import mqtt.resilient.spi.MessageStores;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The journals of other bundles. */
@Component
public final class Journals implements MessageStores {
    private final Engine engine;

    @Activate
    public Journals(@Reference Engine engine) {
        this.engine = engine;
    }

    @Override
    public MessageJournal open(Path directory, String name, Durability durability) throws IOException {
        if (!name.matches("[A-Za-z0-9._-]{1,100}")) {
            throw new IllegalArgumentException("name: \"" + name
                    + "\" is not allowed; allowed: 1 to 100 letters, digits, dots, underscores and hyphens");
        }
        if (durability != Durability.POWER && durability != Durability.PROCESS) {
            throw new IllegalArgumentException("durability: " + durability + " is not allowed; allowed: POWER or PROCESS");
        }
        return new NamedJournal(new LocalFileSystem(directory.toAbsolutePath(), engine.locks()),
                name + ManagedClient.JOURNAL, engine.bootId(), engine.environment().scheduler(), durability);
    }
}
