package mqtt.resilient.impl.environment;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The files below one directory. Blocks; never used on the loop. What was written is durable once it was forced; a name
 * that was made, replaced or deleted is durable once its directory was forced.
 */
public interface FileSystem {
    /** The content of a small file, or null if there is none. */
    byte[] read(String path) throws IOException;

    /** Replaces a small file durably: after a crash there is the old content or the new one. */
    void write(String path, byte[] content) throws IOException;

    /** The names in a directory; none if there is no such directory. */
    List<String> list(String directory) throws IOException;

    /** Makes a directory, durably, and those above it; nothing to do if it is there. */
    void makeDirectory(String path) throws IOException;

    /** Opens a file to read and write; makes it if it is not there. */
    StoredFile open(String path) throws IOException;

    /** Opens a file that is there, to read only. */
    StoredFile openToRead(String path) throws IOException;

    /** Deletes a file; nothing to do if it is not there. */
    void delete(String path) throws IOException;

    /** Gives a file another name, in the place of what has that name: after a crash there is the one or the other. */
    void rename(String from, String to) throws IOException;

    /** Makes the names in a directory durable, where the file system can: where not, it is said once in the log. */
    void forceDirectory(String path) throws IOException;

    /** The bytes that may still be written. */
    long usableBytes() throws IOException;

    /** Keeps everybody else out until it is closed; throws if somebody else holds the lock of this name. */
    Closeable lock(String path) throws IOException;

    /** An open file. */
    interface StoredFile extends Closeable {
        /** Its length in bytes. */
        long size() throws IOException;

        /** Reads from a position; the number of bytes, -1 at the end. */
        int read(ByteBuffer target, long position) throws IOException;

        /** Writes all that remains in a buffer at a position. */
        void write(ByteBuffer bytes, long position) throws IOException;

        /** Cuts the file to a length; nothing to do if it is not longer. Needs no space. */
        void truncate(long length) throws IOException;

        /**
         * Makes everything that was written durable. After a failure, what was not forced before is not to be trusted.
         */
        void force() throws IOException;
    }
}
