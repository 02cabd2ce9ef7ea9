package mqtt.resilient.kura.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.spi.MessageStores;

/** Journals in memory, which outlive those who use them. */
final class StandInStores implements MessageStores {
    private static final class Disk {
        private final TreeMap<Long, Message> messages = new TreeMap<>();
        private long last;
        private boolean open;
    }

    private final Map<String, Disk> disks = new HashMap<>();
    final List<String> opened = new ArrayList<>();
    /** Whether nothing can be written. */
    boolean fails;

    /** Happens whenever something is written. */
    Runnable whenAppending = () -> {};

    /** Loses a journal. */
    void lose(String name) {
        disks.keySet().removeIf(each -> each.endsWith(name));
    }

    /** Makes a message unreadable. */
    void damage(String name, long id) {
        disks.forEach((key, disk) -> {
            if (key.endsWith("/" + name)) {
                disk.messages.put(id, null);
            }
        });
    }

    int size(String name) {
        return disks.entrySet().stream().filter(each -> each.getKey().endsWith("/" + name))
                .mapToInt(each -> each.getValue().messages.size()).sum();
    }

    @Override
    public MessageJournal open(Path directory, String name, Durability durability) throws IOException {
        Disk disk = disks.computeIfAbsent(directory + "/" + name, key -> new Disk());
        if (disk.open) {
            throw new IOException(name + " is in use");
        }
        disk.open = true;
        opened.add(directory + "/" + name + " " + durability);
        return new Journal(disk);
    }

    private final class Journal implements MessageJournal {
        private final Disk disk;
        private boolean closed;

        Journal(Disk disk) {
            this.disk = disk;
        }

        private void check() throws IOException {
            if (closed) {
                throw new IllegalStateException("closed");
            }
            if (fails) {
                throw new IOException("the disk is broken");
            }
        }

        @Override
        public long append(Message message) throws IOException {
            check();
            long id = ++disk.last;
            disk.messages.put(id, message);
            whenAppending.run();
            return id;
        }

        @Override
        public Message read(long id) throws IOException {
            check();
            return disk.messages.get(id);
        }

        @Override
        public void remove(long id) throws IOException {
            check();
            disk.messages.remove(id);
        }

        @Override
        public void visit(LongPredicate visitor) {
            for (long id : List.copyOf(disk.messages.keySet())) {
                if (!visitor.test(id)) {
                    return;
                }
            }
        }

        @Override
        public int size() {
            return disk.messages.size();
        }

        @Override
        public void close() {
            closed = true;
            disk.open = false;
        }
    }
}
