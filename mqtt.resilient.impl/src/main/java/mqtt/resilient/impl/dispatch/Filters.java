package mqtt.resilient.impl.dispatch;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import mqtt.resilient.impl.environment.Handlers;

/** The filters that are wanted, and which of them match a topic. On the loop only. */
final class Filters {
    static {
        Handlers.prepare(VirtualMachineError.class);
    }

    private static final int MOST_KNOWN = 64;
    private static final int LONGEST_KNOWN = 256;

    private final Map<String, Filter> all = new HashMap<>();
    private final TopicTree<Filter> tree = new TopicTree<>();
    /** Which filters match, for topics of late; cleared when it is full, and when the filters change. */
    private final Map<String, List<Filter>> known = new HashMap<>();

    /** A filter; null if it is not wanted. */
    Filter get(String filter) {
        return all.get(filter);
    }

    Filter getOrAdd(String filter) {
        Filter found = all.get(filter);
        return found == null ? add(filter) : found;
    }

    Filter add(String filter) {
        Filter made = new Filter();
        all.put(filter, made);
        try {
            tree.add(filter, made);
        } catch (VirtualMachineError e) { // no heap: all of it comes again
            all.remove(filter);
            throw e;
        }
        known.clear();
        return made;
    }

    /** Takes a filter away, if it is still this one. */
    void remove(String filter, Filter entry) {
        tree.remove(filter, entry);
        known.clear();
        all.remove(filter, entry);
    }

    /** The filters that match a topic. */
    List<Filter> match(String topic) {
        List<Filter> matches = known.get(topic);
        if (matches == null) {
            matches = new ArrayList<>(1);
            tree.match(topic, matches);
            if (known.size() == MOST_KNOWN) {
                known.clear();
            }
            if (topic.length() <= LONGEST_KNOWN) {
                known.put(topic, matches);
            }
        }
        return matches;
    }

    Collection<Filter> values() {
        return all.values();
    }

    /** All with their names, in alphabetical order. */
    Stream<Map.Entry<String, Filter>> inOrder() {
        return all.entrySet().stream().sorted(Map.Entry.comparingByKey());
    }

    void clear() {
        all.clear();
    }
}
