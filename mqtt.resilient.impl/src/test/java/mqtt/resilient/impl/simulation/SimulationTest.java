package mqtt.resilient.impl.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A few of the simulations; {@code bin/simulate} runs them by the thousand. */
class SimulationTest {
    private static final int SEEDS = Boolean.getBoolean("tests.full") ? 40 : 10;
    private static final int DAYS = Boolean.getBoolean("tests.full") ? 7 : 1;

    @ParameterizedTest
    @EnumSource
    @Tag("full")
    void whateverHappensNothingIsLostAndEverythingComesToRest(Profile profile) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            new Simulation(Scenario.of(seed, profile), Trace.off()).run();
        }
    }

    @ParameterizedTest
    @EnumSource
    void theSameSeedHasTheSameCourse(Profile profile) {
        List<String> first = new ArrayList<>();
        List<String> second = new ArrayList<>();
        new Simulation(Scenario.of(7, profile), Trace.to(first::add)).run();
        new Simulation(Scenario.of(7, profile), Trace.to(second::add)).run();
        assertFalse(first.isEmpty());
        assertEquals(first, second);
    }

    @Test
    void anotherSeedHasAnotherCourse() {
        List<String> first = new ArrayList<>();
        List<String> second = new ArrayList<>();
        new Simulation(Scenario.of(7, Profile.CALM), Trace.to(first::add)).run();
        new Simulation(Scenario.of(8, Profile.CALM), Trace.to(second::add)).run();
        assertFalse(first.equals(second));
    }

    @Test
    void everyFaultHappensInSomeProfile() {
        for (Fault fault : Fault.values()) {
            assertTrue(
                    Stream.of(Profile.EVERYTHING, Profile.EXHAUSTED, Profile.CLUSTER)
                            .anyMatch(profile -> profile.meanSeconds().containsKey(fault)),
                    fault::toString);
        }
    }

    @Test
    @Tag("full")
    void aGatewayThatRunsForDaysLosesNothing() {
        Statistics all = new Simulation(Scenario.days(1, DAYS), Trace.off()).run();
        assertTrue(all.messages > DAYS * 14_000 && all.outages > DAYS * 140 && all.powerCuts > DAYS, all::toString);
    }
}
