package mqtt.resilient.impl.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Filters come and go; what matches is what the definition (MQTT 3.1.1 section 4.7) says of those that are there. */
class TopicTreePropertyTest {
    private static final String[] NAMES = { "a", "b", "c", "", "$SYS", "ü" };

    @Property(tries = 1000)
    void itAgreesWithANaiveMatcher(@ForAll Random random) {
        TopicTree<String> tree = new TopicTree<>();
        List<String> present = new ArrayList<>();
        for (int step = random.nextInt(60); step >= 0; step--) {
            if (present.isEmpty() || random.nextInt(3) > 0) {
                String filter = filter(random);
                tree.add(filter, filter);
                present.add(filter);
            } else {
                String filter = present.remove(random.nextInt(present.size()));
                assertTrue(tree.remove(filter, filter));
            }
        }
        for (int i = 0; i < 20; i++) {
            String topic = topic(random);
            List<String> found = new ArrayList<>();
            tree.match(topic, found);
            assertEquals(present.stream().filter(filter -> matches(filter, topic)).sorted().toList(),
                    found.stream().sorted().toList(), topic);
        }
    }

    private static String filter(Random random) {
        List<String> levels = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
            levels.add(random.nextInt(3) == 0 ? "+" : NAMES[random.nextInt(NAMES.length)]);
        }
        if (random.nextInt(3) == 0) {
            levels.set(levels.size() - 1, "#");
        }
        String filter = String.join("/", levels);
        return filter.isEmpty() ? "/" : filter;
    }

    private static String topic(Random random) {
        List<String> levels = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
            levels.add(NAMES[random.nextInt(NAMES.length)]);
        }
        String topic = String.join("/", levels);
        return topic.isEmpty() ? "/" : topic;
    }

    private static boolean matches(String filter, String topic) {
        String[] levels = filter.split("/", -1);
        String[] names = topic.split("/", -1);
        if (topic.startsWith("$") && (levels[0].equals("#") || levels[0].equals("+"))) {
            return false;
        }
        for (int i = 0; i < levels.length; i++) {
            if (levels[i].equals("#")) {
                return true;
            }
            if (i >= names.length || !levels[i].equals("+") && !levels[i].equals(names[i])) {
                return false;
            }
        }
        return levels.length == names.length;
    }
}
