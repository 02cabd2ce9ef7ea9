package mqtt.resilient.itest;

/** Equinox with all of the product. */
class InEquinoxTest extends FrameworkRun {
    InEquinoxTest() {
        super("itest-equinox", EQUINOX, console(InsideTests.ofOsgi()));
    }
}
