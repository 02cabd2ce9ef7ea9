package mqtt.resilient.spi;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.LongPredicate;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Journals for bundles that store messages of their own, in the format of the clients' stores. Safe from any thread.
 */
@ProviderType
public interface MessageStores {
    /**
     * Opens a journal, or makes it; blocks. Of a damaged one everything readable is used; the rest is quarantined and
     * logged.
     *
     * @param directory the directory that holds {@code <name>.journal}
     * @param name 1 to 100 letters, digits, dots, underscores and hyphens
     * @param durability what an appended message survives: {@code POWER} (it is forced to the disk) or
     *        {@code PROCESS} (it is written to the operating system)
     * @return the journal, open exclusively
     * @throws IOException if it is open already, or cannot be read or written
     * @throws IllegalArgumentException if the name or the durability is not allowed
     */
    MessageJournal open(Path directory, String name, Durability durability) throws IOException;

    /**
     * Messages in the order of their ids, which ascend from 1 over the life of the journal. Payloads are kept on the
     * disk only. Safe from any thread; every method waits for the disk, and throws {@link IllegalStateException} after
     * {@link #close()}.
     */
    @ProviderType
    interface MessageJournal extends AutoCloseable {
        /**
         * Appends a message.
         *
         * @param message the message
         * @return its id
         * @throws IOException if it could not be stored; it is not in the journal then; a later append may succeed
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
         * Removes a message; an unknown id is no error. The message may be there again after a crash in the same
         * moment.
         *
         * @param id its id
         * @throws IOException if the removal could not be written; it is written with the next change
         */
        void remove(long id) throws IOException;

        /**
         * Visits the ids of all messages, in ascending order.
         *
         * @param visitor false ends the visit
         */
        void visit(LongPredicate visitor);

        /** {@return how many messages there are; never blocks} */
        int size();

        /** Closes the journal; repeatable. */
        @Override
        void close();
    }
}
