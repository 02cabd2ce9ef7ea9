package mqtt.resilient.console.shell;

import static mqtt.resilient.console.shell.Commands.answer;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import mqtt.resilient.console.model.Clients;
import mqtt.resilient.console.model.Text;
import mqtt.resilient.spi.ClientInspector;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.Descriptor;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The command of the Gogo shell for dead letters; as {@link Commands}. */
@Component(service = DeadLetterCommand.class,
        reference = @Reference(name = "shell", service = CommandProcessor.class),
        property = { "osgi.command.scope=mqtt", "osgi.command.function=deadletters" })
public final class DeadLetterCommand {
    private static final int MOST_TOPIC = 100;
    private static final String USAGE = "deadletters [client] [--resend number|all | --drop number|all]";

    private final Clients clients;

    /** Called by the Service Component Runtime. */
    @Activate
    public DeadLetterCommand(@Reference Clients clients) {
        this.clients = clients;
    }

    /** Shows them, sends them again, or drops them. */
    @Descriptor("messages that were given up because the broker closed connections for them; sends them again, or "
            + "drops them for good")
    public void deadletters(@Descriptor("[client] [--resend number|all | --drop number|all]") String... args)
            throws InterruptedException {
        Arguments arguments = new Arguments(USAGE, Set.of(), Set.of("--resend", "--drop"), args);
        String name = arguments.client(clients, 0);
        if (arguments.has("--resend") && arguments.has("--drop")) {
            throw arguments.wrong("either --resend or --drop");
        }
        List<ClientInspector.DeadLetter> all = answer(
                clients.inspector(name).deadLetters(ClientInspector.MAX_RESULTS));
        if (arguments.has("--resend")) {
            for (ClientInspector.DeadLetter each : wanted(arguments, "--resend", all)) {
                long number = answer(clients.resendDeadLetter(name, each.id()));
                System.out.println(name + ": dead letter " + each.id() + (number == 0 ? " is gone."
                        : " on " + Text.printable(each.topic(), MOST_TOPIC) + " is sent again as message " + number
                                + "."));
            }
        } else if (arguments.has("--drop")) {
            for (ClientInspector.DeadLetter each : wanted(arguments, "--drop", all)) {
                boolean dropped = answer(clients.dropDeadLetter(name, each.id()));
                System.out.println(name + ": dead letter " + each.id() + (dropped ? " is dropped." : " is gone."));
            }
        } else {
            Table table = new Table(new int[] { 12, 3, 10, 10 }, "NUMBER", "QOS", "PAYLOAD", "SINCE", "TOPIC");
            all.forEach(each -> table.row(each.id(), each.qos().ordinal(), Text.bytes(each.payloadBytes()),
                    Text.duration(Duration.ofMillis(each.ageMillis())), each.topic()));
            System.out.print(all.isEmpty() ? name + ": no dead letters.\n" : table);
        }
    }

    private static List<ClientInspector.DeadLetter> wanted(Arguments arguments, String option,
            List<ClientInspector.DeadLetter> all) {
        String which = arguments.get(option);
        List<ClientInspector.DeadLetter> wanted = all.stream()
                .filter(each -> which.equals("all") || which.equals(Long.toString(each.id()))).toList();
        if (wanted.isEmpty()) {
            throw arguments.wrong(option + " " + which + ": there is no such dead letter");
        }
        return wanted;
    }
}
