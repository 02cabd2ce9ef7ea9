package mqtt.resilient.impl.environment;

import java.io.IOException;

/** The files below one directory. Blocks; never used on the loop. */
public interface FileSystem {
    /** The content of a small file, or null if there is none. */
    byte[] read(String path) throws IOException;

    /** Replaces a small file durably: after a crash there is the old content or the new one. */
    void write(String path, byte[] content) throws IOException;
}
