package mqtt.resilient.itest;

/** Equinox with all of the product. */
class InEquinoxTest extends FrameworkRun {
    InEquinoxTest() {
        super("itest-equinox", PLATFORM.resolve("org.eclipse.osgi-3.16.0.jar"), console());
    }
}
