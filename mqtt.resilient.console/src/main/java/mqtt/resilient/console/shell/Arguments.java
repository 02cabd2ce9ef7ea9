package mqtt.resilient.console.shell;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import mqtt.resilient.console.model.Clients;
import mqtt.resilient.console.model.Text;

/**
 * What was typed behind a command: options, the client's name, which may be left out if there is one only, and the
 * rest.
 */
final class Arguments {
    private static final int MOST = 60;

    private final String usage;
    private final List<String> operands = new ArrayList<>();
    private final Map<String, String> options = new HashMap<>();

    /**
     * Takes arguments apart.
     *
     * @param usage what is allowed, for errors
     * @param flags options without a value
     * @param valued options with one
     * @throws IllegalArgumentException if an option is not allowed
     */
    Arguments(String usage, Set<String> flags, Set<String> valued, String... given) {
        this.usage = usage;
        for (int i = 0; i < given.length; i++) {
            String each = String.valueOf(given[i]);
            if (each.equals("--")) {
                operands.addAll(Arrays.asList(given).subList(i + 1, given.length));
                break;
            } else if (flags.contains(each)) {
                options.put(each, "");
            } else if (valued.contains(each)) {
                if (++i == given.length) {
                    throw wrong(each + " needs a value");
                }
                options.put(each, String.valueOf(given[i]));
            } else if (each.matches("--?[a-z]+")) {
                throw wrong(each + " is not allowed (after -- an argument may begin with -)");
            } else {
                operands.add(each);
            }
        }
    }

    IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException(Text.printable(what, 3 * MOST) + "; usage: " + usage);
    }

    /** Takes the client's name off the front: the only one, if exactly the others are there. */
    String client(Clients clients, int others) {
        if (operands.size() == others + 1) {
            String name = operands.remove(0);
            clients.client(name);
            return name;
        }
        if (operands.size() != others) {
            throw wrong(operands.size() < others ? "an argument is missing"
                    : "\"" + operands.get(others + 1) + "\" is one argument too many");
        }
        if (clients.names().size() != 1) {
            throw wrong(clients.names().isEmpty() ? "no client is configured"
                    : "which client? Configured: " + clients.someNames());
        }
        return clients.names().iterator().next();
    }

    void requireNothing() {
        if (!operands.isEmpty()) {
            throw wrong("\"" + operands.get(0) + "\" is one argument too many");
        }
    }

    String operand(int index) {
        return operands.get(index);
    }

    boolean isEmpty() {
        return operands.isEmpty();
    }

    boolean has(String option) {
        return options.containsKey(option);
    }

    /** {@return the value of an option; null = it is not given} */
    String get(String option) {
        return options.get(option);
    }

    int number(String option, int least, int most, int otherwise) {
        String value = options.get(option);
        if (value == null) {
            return otherwise;
        }
        if (!value.matches("[0-9]{1,9}") || Integer.parseInt(value) < least || Integer.parseInt(value) > most) {
            throw wrong(option + " " + value + " is not allowed; allowed: " + least + " to " + most);
        }
        return Integer.parseInt(value);
    }
}
