package mqtt.resilient.impl.store;

import java.io.IOException;
import java.util.List;
import java.util.UUID;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.environment.FileSystem;

/**
 * The chains of one journal: one for each lane, one for the session, and one for dead letters; and what new segments
 * of them begin with. On the store's thread only.
 */
final class Chains {
    static final int SESSION = Message.LANES;
    static final int ASIDE = Message.LANES + 1;
    static final int COUNT = Message.LANES + 2;
    private static final List<String> NAMES = List.of("lane0", "lane1", "lane2", "lane3", "session", "aside");
    private static final Pattern SEGMENT_NAME = Pattern.compile("(lane[0-3]|session|aside)-(0[0-9]{9})\\.segment");

    /** The place of a segment: its chain, and its number there. */
    record Place(int chain, int number) {
    }

    final FileSystem files;
    final String directory;
    /** By number. */
    final Chain[] all = new Chain[COUNT];
    /** Null until the journal is open. */
    UUID store;
    /** The id of the latest message. */
    long lastId;
    /** The length at which a segment is full. */
    int segmentBytes;

    Chains(FileSystem files, String directory) {
        this.files = files;
        this.directory = directory;
        for (int number = 0; number < COUNT; number++) {
            all[number] = make(number);
        }
    }

    /** An empty chain in the same directory. */
    Chain make(int number) {
        return new Chain(files, directory, number, NAMES.get(number));
    }

    /** Which segment a file is by its name; null if it is none. */
    static Place place(String name) {
        Matcher matcher = SEGMENT_NAME.matcher(name);
        return !matcher.matches() ? null
                : new Place(NAMES.indexOf(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    Chain session() {
        return all[SESSION];
    }

    Chain of(Segment segment) {
        return all[segment.chain];
    }

    /** The path of a segment's file. */
    String path(Segment segment) {
        return of(segment).path(segment);
    }

    /** The chain of a lane, with a tail for a record that is no message. */
    Chain withTail(int lane) throws IOException {
        all[lane].tail(store, lastId + 1, segmentBytes);
        return all[lane];
    }

    /** The session's chain, with a tail. */
    Chain sessionWithTail() throws IOException {
        session().tail(store, 0, Integer.MAX_VALUE);
        return session();
    }

    /** What was added since the last force is written again, to other segments. */
    void abandonTails() {
        for (Chain each : all) {
            each.abandonTail();
        }
    }

    long sum(ToLongFunction<Chain> figure) {
        long sum = 0;
        for (Chain chain : all) {
            sum += figure.applyAsLong(chain);
        }
        return sum;
    }
}
