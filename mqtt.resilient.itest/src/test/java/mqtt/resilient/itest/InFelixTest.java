package mqtt.resilient.itest;

/** Felix with all of the product. */
class InFelixTest extends FrameworkRun {
    InFelixTest() {
        super("itest-felix", FELIX, console());
    }
}
