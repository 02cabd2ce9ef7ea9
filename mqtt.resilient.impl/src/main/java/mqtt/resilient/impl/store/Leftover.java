package mqtt.resilient.impl.store;

import java.io.IOException;
import mqtt.resilient.impl.environment.FileSystem;

/**
 * A file that recovery found and that is no longer used.
 *
 * @param gone whether it is left from a crash, and is deleted; else it is quarantined
 */
record Leftover(Chain chain, int number, boolean gone) {
    private static final String QUARANTINED = ".foreign";

    void remove(FileSystem files, String directory) throws IOException {
        String path = chain.path(number);
        if (gone) {
            files.delete(path);
        } else if (files.list(directory).contains(chain.name(number))) {
            files.rename(path, path + QUARANTINED);
        }
    }
}
