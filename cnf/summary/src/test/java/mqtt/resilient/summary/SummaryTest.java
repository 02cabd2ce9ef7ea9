package mqtt.resilient.summary;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The last line of a build. */
class SummaryTest {
    private static final String PASSED = "<testcase name=\"works\" classname=\"a.OneTest\" time=\"1,000.5\"/>";
    private static final String FAILED = "<testcase name=\"fails\" classname=\"a.OneTest\" time=\"0.5\">"
            + "<failure message=\"expected 1&#10;but was 2\" type=\"x\">at a.OneTest</failure></testcase>";
    private static final String SKIPPED = "<testcase name=\"skips()\" classname=\"a.TwoTest\" time=\"0.002\"><skipped><![CDATA["
            + "org.opentest4j.TestAbortedException: Assumption failed: there is no curl\n\tat org.junit]]></skipped></testcase>";

    @TempDir
    private Path root;

    private Path report(String path, String... tests) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        return Files.writeString(file,
                "<?xml version=\"1.0\"?><testsuite tests=\"1\"><properties><property name=\"error\" value=\"\"/>"
                        + "</properties>" + String.join("", tests) + "<system-out>x</system-out></testsuite>");
    }

    private List<String> lines() throws IOException {
        return new Summary(Report.all(root, 0)).lines(root, List.of());
    }

    @Test
    void testsOfEveryModuleAndFrameworkAreCounted() throws IOException {
        report("mqtt.resilient.impl/target/surefire-reports/TEST-a.OneTest.xml", PASSED, PASSED);
        report("cnf/summary/target/surefire-reports/TEST-a.OneTest.xml", PASSED);
        report("mqtt.resilient.itest/target/test-reports/felix/TEST-x.xml", PASSED);
        report("mqtt.resilient.itest/target/classes/TEST-x.xml", PASSED);
        assertEquals(List.of("4 tests: 4 passed, 0 failed, 0 skipped"), lines());
    }

    @Test
    void whatFailedIsSaidWithThePlaceOfItsOutput() throws IOException {
        Path log = root.resolve("mqtt.resilient.impl/target/surefire-reports/a.OneTest-output.txt");
        report("mqtt.resilient.impl/target/surefire-reports/TEST-a.OneTest.xml", FAILED, PASSED);
        Files.writeString(log, "x");
        assertEquals(List.of("failed: impl: OneTest.fails: expected 1", "        its output is in " + log,
                "2 tests: 1 passed, 1 failed, 0 skipped"), lines());
    }

    @Test
    void theOutputOfAFrameworkHasAPlaceOfItsOwn() throws IOException {
        report("mqtt.resilient.itest/target/test-reports/felix/TEST-x.xml", FAILED);
        Path log = root.resolve("mqtt.resilient.itest/target/test-logs/felix.log");
        Files.createDirectories(log.getParent());
        Files.writeString(log, "x");
        assertEquals("        its output is in " + log, lines().get(1));
    }

    @Test
    void whatWasSkippedIsInAFileWithItsReason() throws IOException {
        report("mqtt.resilient.itest/target/test-reports/felix/TEST-x.xml", SKIPPED);
        assertEquals(List.of("1 tests: 0 passed, 0 failed, 1 skipped (why: target/skipped-tests.txt)"), lines());
        assertEquals("itest/felix: TwoTest.skips(): there is no curl\n",
                Files.readString(root.resolve("target/skipped-tests.txt")));
    }

    @Test
    void whatWasSkippedInOnePlaceAndRanInAnotherWasNotSkipped() throws IOException {
        report("mqtt.resilient.itest/target/test-reports/felix/TEST-x.xml", SKIPPED);
        report("mqtt.resilient.itest/target/full-reports/equinox/TEST-x.xml",
                "<testcase name=\"skips()\" classname=\"a.TwoTest\" time=\"1\"/>");
        assertEquals(List.of("1 tests: 1 passed, 0 failed, 0 skipped"), lines());
    }

    @Test
    void aTestOfTheSameNameInAnotherModuleIsAnotherTest() throws IOException {
        report("mqtt.resilient.impl/target/surefire-reports/TEST-a.TwoTest.xml", SKIPPED);
        report("mqtt.resilient.v5/target/surefire-reports/TEST-a.TwoTest.xml",
                "<testcase name=\"skips()\" classname=\"a.TwoTest\" time=\"1\"/>");
        assertEquals(List.of("2 tests: 1 passed, 0 failed, 1 skipped (why: target/skipped-tests.txt)"), lines());
    }

    private void source(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    @Test
    void aBuildThatDidNotRunAllTestsIsNoSuccessAlsoWhereEveryOtherPassed() throws IOException {
        for (String module : List.of("mqtt.resilient.impl", "mqtt.resilient.v5", "mqtt.resilient.console")) {
            source(module + "/pom.xml", "");
            source(module + "/src/test/java/a/OneTest.java", "class OneTest");
        }
        source("mqtt.resilient.impl/src/test/java/a/CrashTest.java", "class CrashTest");
        source("mqtt.resilient.impl/src/test/java/a/BaseTest.java", "abstract class BaseTest");
        source("mqtt.resilient.impl/src/test/java/a/InFelixTest.java", "class InFelixTest");
        source("mqtt.resilient.impl/src/test/java/a/PictureTest.java",
                "import x;\n@Tag(\"on-demand\")\nclass PictureTest");
        report("mqtt.resilient.impl/target/surefire-reports/TEST-a.OneTest.xml", PASSED);
        report("mqtt.resilient.v5/target/surefire-reports/TEST-a.OneTest$Nested.xml", PASSED);
        Files.setLastModifiedTime(report("mqtt.resilient.console/target/surefire-reports/TEST-a.OneTest.xml", PASSED),
                FileTime.fromMillis(1000));
        assertEquals(
                List.of("no reports: console, impl CrashTest",
                        "THE BUILD DID NOT RUN ALL TESTS; of those that it ran: 2 passed, 0 failed"),
                new Summary(Report.all(root, 1001)).lines(root, Report.missing(root, 1001)));
    }

    @Test
    void ofASelectionTheModulesAreNamed() throws IOException {
        report("mqtt.resilient.v5/target/surefire-reports/TEST-a.OneTest.xml", PASSED);
        report("mqtt.resilient.impl/target/surefire-reports/TEST-a.OneTest.xml", PASSED);
        assertEquals(List.of("2 tests of impl, v5: 2 passed, 0 failed, 0 skipped"),
                new Summary(Report.all(root, 0)).lines(root, null));
    }

    @Test
    void aReportThatBreaksOffIsAFailure() throws IOException {
        Files.writeString(report("m/target/surefire-reports/TEST-a.OneTest.xml"),
                "<testsuite><testcase name=\"a\" class");
        List<String> lines = lines();
        assertTrue(lines.get(0).startsWith("failed: m: TEST-a.OneTest.xml.report: it cannot be read"), lines::toString);
        assertEquals("1 tests: 0 passed, 1 failed, 0 skipped", lines.get(2));
    }

    @Test
    void reportsOfAnEarlierBuildDoNotCount() throws IOException {
        Path old = report("m/target/surefire-reports/TEST-a.OneTest.xml", PASSED);
        Files.setLastModifiedTime(old, FileTime.fromMillis(1000));
        assertEquals(List.of(), new Summary(Report.all(root, 1001)).lines(root, List.of()));
    }

    @Test
    void whatPassedInTheSecondAttemptOnlyIsSaidAndCountsAsPassed() throws IOException {
        report("m/target/surefire-reports/TEST-a.OneTest.xml", PASSED,
                "<testcase name=\"waits\" classname=\"a.OneTest\" time=\"1\">"
                        + "<flakyFailure message=\"expected 1&#10;but was 2\" type=\"x\"><stackTrace>at a</stackTrace></flakyFailure></testcase>");
        Summary summary = new Summary(Report.all(root, 0));
        assertEquals(List.of("passed in the second attempt only: m: OneTest.waits: expected 1"),
                summary.secondAttempts());
        assertEquals(List.of("2 tests: 2 passed, 0 failed, 0 skipped"), lines());
    }

    @Test
    void theSlowestClassesComeFirst() throws IOException {
        report("m/target/surefire-reports/TEST-a.OneTest.xml", PASSED, FAILED);
        report("m/target/surefire-reports/TEST-a.TwoTest.xml", SKIPPED);
        assertEquals(List.of("1001.0 s  m OneTest, 2 tests"), new Summary(Report.all(root, 0)).slowest(1));
    }
}
