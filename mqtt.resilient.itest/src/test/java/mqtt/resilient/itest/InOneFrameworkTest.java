package mqtt.resilient.itest;

import org.junit.jupiter.api.Tag;

/** What needs no more than one framework: that is Felix, and in full Equinox, with the programs that are installed. */
@Tag("full")
class InOneFrameworkTest extends FrameworkRun {
    private static final boolean FULL = Boolean.getBoolean("tests.full");

    InOneFrameworkTest() {
        super(FULL ? "engine-equinox" : "engine-felix", FULL ? "itest-equinox" : "itest-felix", FULL ? EQUINOX : FELIX,
                console(InsideTests.ofTheEngine()));
    }
}
