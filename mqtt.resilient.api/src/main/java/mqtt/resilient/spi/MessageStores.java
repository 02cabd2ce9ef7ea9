package mqtt.resilient.spi;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.LongPredicate;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import org.osgi.annotation.versioning.ProviderType;

/** Journals for bundles that keep messages of their own: the format and the care of the clients' stores. Safe from any thread. */
@ProviderType
public interface MessageStores {
    /**
     * Opens a journal, or makes it; blocks. What can be read of a damaged one is there, the rest is put aside and logged.
     *
     * @param directory where it is, {@code <name>.journal} in it
     * @param name 1 to 100 letters, digits, dots, underscores and hyphens
     * @param durability what a message survives that was appended: {@code POWER} (it is forced) or
     *        {@code PROCESS} (the operating system has it)
     * @return the journal; nobody else has it open
     * @throws IOException if it is open already, or cannot be read or written
     * @throws IllegalArgumentException if the name or the durability is not allowed
     */
    MessageJournal open(Path directory, String name, Durability durability) throws IOException;

    /**
     * Messages in the order of their ids, which ascend from 1 over the life of the journal. Payloads are on the disk only.
     * Safe from any thread; every method blocks for the disk, and throws {@link IllegalStateException} after {@link #close()}.
     */
    @ProviderType
    interface MessageJournal extends AutoCloseable {
        /**
         * Appends a message.
         *
         * @param message the message
         * @return its id
         * @throws IOException if it could not be stored; it is not in the journal then, and the next one may be
         */
        long append(Message message) throws IOException;

        /**
         * Reads a message.
         *
         * @param id its id
         * @return the message, or null if there is none, or none any more
         * @throws IOException if it cannot be read
         */
        Message read(long id) throws IOException;

        /**
         * Takes a message out; one that is not there is no error. It may be there again after a crash in the same moment.
         *
         * @param id its id
         * @throws IOException if that could not be noted; it will be with the next change
         */
        void remove(long id) throws IOException;

        /**
         * Hands over the ids of all messages, in ascending order.
         *
         * @param visitor false ends the visit
         */
        void visit(LongPredicate visitor);

        /** {@return how many messages there are; never blocks} */
        int size();

        /** Ends the use; repeatable. */
        @Override
        void close();
    }
}
