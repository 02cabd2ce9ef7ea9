package mqtt.resilient.impl.link;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Why a link ended, in words that may be those of a broker, a proxy or a certificate. */
class EndingTest {
    @Test
    void theReasonIsOneLineWhoeverWroteIt() {
        assertEquals("TLS: its issuer is CN=a?ERROR forged",
                new Ending(Ending.Cause.UNREACHABLE, "TLS: its issuer is CN=a\nERROR forged").reason());
    }
}
