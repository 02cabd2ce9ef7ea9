package mqtt.resilient.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import aQute.bnd.differ.Baseline;
import aQute.bnd.differ.Baseline.Info;
import aQute.bnd.differ.DiffPluginImpl;
import aQute.bnd.osgi.Jar;
import aQute.bnd.osgi.Processor;
import aQute.bnd.service.diff.Delta;
import java.io.File;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The exported packages beside those of the last release, which are in {@code cnf/baseline}: see {@code docs/releasing.md}. */
class BaselineTest {
    private static final File RELEASED = new File("../cnf/baseline/mqtt.resilient.api.jar");
    private static final File BUILT = new File("target/classes");

    @Test
    void aPackageWhoseApiChangedSinceTheLastReleaseHasTheVersionThatSaysSo() throws Exception {
        try (Processor reporter = new Processor(); Jar built = new Jar(BUILT); Jar released = new Jar(RELEASED)) {
            Set<Info> packages = new Baseline(reporter, new DiffPluginImpl()).baseline(built, released, null);
            assertEquals(Set.of(), Set.copyOf(reporter.getErrors()));
            List<String> wrong = packages.stream().filter(BaselineTest::wrong)
                    .sorted(Comparator.comparing(info -> info.packageName)).map(BaselineTest::explained).toList();
            assertEquals("", wrong.stream().collect(Collectors.joining("\n")));
        }
    }

    private static boolean wrong(Info info) {
        return info.packageDiff.getDelta() == Delta.REMOVED || info.newerVersion.compareTo(info.suggestedVersion) < 0;
    }

    private static String explained(Info info) {
        if (info.packageDiff.getDelta() == Delta.REMOVED) {
            return "package " + info.packageName + ": it was exported with version " + info.olderVersion
                    + " and is no more. Export it again, or end it with a new major version of the product and renew the baseline"
                    + " with bin/release --baseline";
        }
        return "package " + info.packageName + ": its API changed (" + info.packageDiff.getDelta() + ") since the last release,"
                + " which had version " + info.olderVersion + ", and its version is " + info.newerVersion + ". Set @Version(\""
                + info.suggestedVersion + "\") in src/main/java/" + info.packageName.replace('.', '/') + "/package-info.java,"
                + " or undo:\n" + info.reason;
    }
}
