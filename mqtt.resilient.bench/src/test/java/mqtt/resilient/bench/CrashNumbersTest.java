package mqtt.resilient.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/** Messages of different lives are never taken for each other. */
class CrashNumbersTest {
    @Test
    void noTwoLivesShareANumber() {
        for (int life = 1; life < 1000; life++) {
            assertEquals(Crash.first(life) + Crash.NUMBERS_OF_A_LIFE, Crash.first(life + 1));
        }
        assertThrows(ArithmeticException.class, () -> Crash.first(Integer.MAX_VALUE / Crash.NUMBERS_OF_A_LIFE + 1));
    }
}
