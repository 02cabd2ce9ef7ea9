package mqtt.resilient.console.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Set;
import mqtt.resilient.console.model.Clients;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What was typed wrong is said, with what is allowed. */
class ArgumentsTest {
    private static Arguments parse(String... given) {
        return new Arguments("tail filter [-n count] [-r]", Set.of("-r"), Set.of("-n"), given);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "-x a    | -x is not allowed (after -- an argument may begin with -); usage: tail filter [-n count] [-r]",
        "a -n    | -n needs a value; usage: tail filter [-n count] [-r]",
        "a -n 0  | -n 0 is not allowed; allowed: 1 to 10; usage: tail filter [-n count] [-r]",
        "a -n 11 | -n 11 is not allowed; allowed: 1 to 10; usage: tail filter [-n count] [-r]",
        "a -n -1 | -n -1 is not allowed; allowed: 1 to 10; usage: tail filter [-n count] [-r]",
        "a -n x  | -n x is not allowed; allowed: 1 to 10; usage: tail filter [-n count] [-r]" })
    void aWrongOptionIsNamedWithWhatIsAllowed(String typed, String error) {
        assertEquals(error,
                assertThrows(IllegalArgumentException.class, () -> parse(typed.split(" ")).number("-n", 1, 10, 5))
                        .getMessage());
    }

    @Test
    void numbersAreTakenAndWhatIsLeftOutHasItsDefault() {
        assertEquals(7, parse("a", "-n", "7").number("-n", 1, 10, 5));
        assertEquals(5, parse("a").number("-n", 1, 10, 5));
        assertEquals("-n", parse("-r", "--", "-n").operand(0), "behind -- nothing is an option");
        assertEquals("-5", parse("-5").operand(0), "a number is no option");
    }

    @Test
    void withoutAnyClientThatIsSaid() {
        assertEquals("no client is configured; usage: tail filter [-n count] [-r]",
                assertThrows(IllegalArgumentException.class, () -> parse("a").client(new Clients(), 1)).getMessage());
        assertEquals("there is no client \"b\"; no client is configured",
                assertThrows(IllegalArgumentException.class, () -> parse("b", "a").client(new Clients(), 1))
                        .getMessage());
        assertEquals("an argument is missing; usage: tail filter [-n count] [-r]",
                assertThrows(IllegalArgumentException.class, () -> parse().client(new Clients(), 1)).getMessage());
        assertEquals("\"c\" is one argument too many; usage: tail filter [-n count] [-r]",
                assertThrows(IllegalArgumentException.class, () -> parse("b", "a", "c").client(new Clients(), 1))
                        .getMessage());
    }
}
