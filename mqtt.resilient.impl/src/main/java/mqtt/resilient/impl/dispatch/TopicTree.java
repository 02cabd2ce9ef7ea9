package mqtt.resilient.impl.dispatch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import mqtt.resilient.api.Topics;

/** Topic filters as a tree of their levels (MQTT 3.1.1 section 4.7). */
public final class TopicTree<T> {
    private static final class Node<T> {
        /** By level, with the wildcards. */
        private final Map<String, Node<T>> children = new HashMap<>(4);
        /** The child for one level of any name, and the one for all levels that follow; null = there is none. */
        private Node<T> one;
        private Node<T> rest;
        private final List<T> values = new ArrayList<>(1);

        private void wildcards() {
            one = children.get("+");
            rest = children.get("#");
        }
    }

    private final Node<T> root = new Node<>();

    /** Adds a value under a filter; a shared subscription matches like its filter. */
    public void add(String filter, T value) {
        Node<T> node = root;
        for (String level : Topics.withoutShare(filter).split("/", -1)) {
            Node<T> parent = node;
            node = node.children.computeIfAbsent(level, key -> new Node<>());
            parent.wildcards();
        }
        node.values.add(value);
    }

    /** Removes a value once; false if it is not there. */
    public boolean remove(String filter, T value) {
        return remove(root, Topics.withoutShare(filter).split("/", -1), 0, value);
    }

    private boolean remove(Node<T> node, String[] levels, int depth, T value) {
        if (depth == levels.length) {
            return node.values.remove(value);
        }
        Node<T> child = node.children.get(levels[depth]);
        boolean removed = child != null && remove(child, levels, depth + 1, value);
        if (removed && child.children.isEmpty() && child.values.isEmpty()) {
            node.children.remove(levels[depth]);
            node.wildcards();
        }
        return removed;
    }

    /** Collects the values of all filters that match a topic; one that matches twice comes twice. */
    public void match(String topic, List<T> found) {
        match(root, topic, 0, !topic.startsWith("$"), found); // [MQTT-4.7.2-1]
    }

    private void match(Node<T> node, String topic, int start, boolean wildcards, List<T> found) {
        if (node == null) {
            return;
        }
        if (wildcards && node.rest != null) {
            found.addAll(node.rest.values); // also when no level is left: "a/#" matches "a"
        }
        if (start > topic.length()) {
            found.addAll(node.values);
            return;
        }
        int slash = topic.indexOf('/', start);
        int end = slash < 0 ? topic.length() : slash;
        if (!node.children.isEmpty()) {
            match(node.children.get(topic.substring(start, end)), topic, end + 1, true, found);
        }
        if (wildcards) {
            match(node.one, topic, end + 1, true, found);
        }
    }
}
