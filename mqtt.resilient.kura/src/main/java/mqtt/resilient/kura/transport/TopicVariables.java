package mqtt.resilient.kura.transport;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The variables of Kura's topics, which begin with #, for example {@code #account-name}. */
public final class TopicVariables {
    private static final Pattern VARIABLE = Pattern.compile("#([^\\s/]+)");

    private TopicVariables() {
    }

    /**
     * Puts values for the variables of a topic or filter.
     *
     * @param topic any text
     * @param values by name, without #
     * @return the topic; variables that have no value stay
     */
    public static String replace(String topic, Map<String, String> values) {
        Matcher matcher = VARIABLE.matcher(topic);
        return matcher
                .replaceAll(found -> Matcher.quoteReplacement(values.getOrDefault(found.group(1), found.group())));
    }
}
