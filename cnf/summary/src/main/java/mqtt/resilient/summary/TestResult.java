package mqtt.resilient.summary;

import java.nio.file.Path;

/**
 * A test of a report.
 *
 * @param suite the module, and the framework if it ran in one
 * @param type the simple name of its class
 * @param name of the test
 * @param seconds how long it ran
 * @param end how it ended
 * @param why the first line of what it failed with, in the first attempt also if it passed in the second one, or of the reason for
 *        which it was skipped; empty if it passed
 * @param log where its output is
 */
record TestResult(String suite, String type, String name, double seconds, End end, String why, Path log) {
    /** How a test ended. */
    enum End {
        PASSED, FAILED, SKIPPED
    }

    /** {@return which test it is, in whichever framework of its module it ran} */
    String id() {
        return module() + ": " + type + "." + name;
    }

    /** {@return the module that it is of} */
    String module() {
        return suite.split("/")[0];
    }

    /** {@return a line for people} */
    String line() {
        return suite + ": " + type + "." + name + (why.isEmpty() ? "" : ": " + why);
    }
}
