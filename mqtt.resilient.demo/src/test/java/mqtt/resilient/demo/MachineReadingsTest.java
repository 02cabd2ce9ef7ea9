package mqtt.resilient.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineReadingsTest {
    @TempDir
    Path root;
    private MachineReadings machine;

    @BeforeEach
    void machineBelowTheTemporaryRoot() {
        machine = new MachineReadings(root, root);
    }

    @Test
    void loadIsTheThreeAverages() throws IOException {
        file("proc/loadavg", "0.52 1.20 12.00 2/345 6789\n");
        assertEquals(Optional.of(Map.of("minute1", 0.52, "minute5", 1.2, "minute15", 12.0)), machine.load());
    }

    @Test
    void loadThatIsNoNumberIsLeftOut() throws IOException {
        file("proc/loadavg", "a b c d\n");
        assertEquals(Optional.empty(), machine.load());
    }

    @Test
    void memoryIsInBytesAndPercent() throws IOException {
        file("proc/meminfo", """
                MemTotal:        1000 kB
                MemFree:          100 kB
                MemAvailable:     250 kB
                SwapTotal:         50 kB
                SwapFree:          20 kB
                HugePages_Total:       0
                """);
        assertEquals(Optional.of(Map.of("totalBytes", 1_024_000L, "availableBytes", 256_000L, "usedPercent", 75.0,
                "swapTotalBytes", 51_200L, "swapFreeBytes", 20_480L)), machine.memory());
    }

    @Test
    void memoryOfAnOldKernelCountsWhatIsFree() throws IOException {
        file("proc/meminfo", "MemTotal: 1000 kB\nMemFree: 100 kB\n");
        assertEquals(102_400L, machine.memory().orElseThrow().get("availableBytes"));
    }

    @Test
    void memoryWithoutATotalIsLeftOut() throws IOException {
        file("proc/meminfo", "MemTotal: 0 kB\nMemFree: 100 kB\n");
        assertEquals(Optional.empty(), machine.memory());
    }

    @Test
    void temperatureIsTheProcessorsNotTheFirstZones() throws IOException {
        file("sys/class/thermal/thermal_zone0/type", "acpitz\n");
        file("sys/class/thermal/thermal_zone0/temp", "27800\n");
        file("sys/class/thermal/thermal_zone1/type", "cpu-thermal\n");
        file("sys/class/thermal/thermal_zone1/temp", "48312\n");
        assertEquals(Optional.of(Map.of("celsius", 48.312, "sensor", "cpu-thermal")), machine.temperature());
    }

    @Test
    void temperatureComesFromTheMonitoringChipWhereNoZoneIsTheProcessors() throws IOException {
        file("sys/class/hwmon/hwmon0/name", "nvme\n");
        file("sys/class/hwmon/hwmon0/temp1_input", "30000\n");
        file("sys/class/hwmon/hwmon1/name", "coretemp\n");
        file("sys/class/hwmon/hwmon1/temp1_input", "-5000\n");
        assertEquals(Optional.of(Map.of("celsius", -5.0, "sensor", "coretemp")), machine.temperature());
    }

    @Test
    void temperatureOfAMachineWithoutSensorIsLeftOut() {
        assertEquals(Optional.empty(), machine.temperature());
    }

    @Test
    void diskIsTheFileStoreOfTheDirectory() {
        Map<String, Object> disk = machine.disk().orElseThrow();
        assertTrue((long) disk.get("totalBytes") >= (long) disk.get("availableBytes"), disk::toString);
    }

    @Test
    void diskOfADirectoryThatIsNotThereIsLeftOut() {
        assertEquals(Optional.empty(), new MachineReadings(root, root.resolve("gone")).disk());
    }

    @Test
    void networkIsEachInterfaceButLoopback() throws IOException {
        file("proc/net/dev",
                """
                        Inter-|   Receive                                                |  Transmit
                         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                            lo:   10    1    0    0    0     0          0         0       10    1    0    0    0     0       0          0
                          eth0:18446744073709551615 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0
                        """);
        Map<String, Object> network = machine.network().orElseThrow();
        assertEquals(Map.of("eth0", Map.of("receivedBytes", -1L, "receivedPackets", 2L, "receivedErrors", 3L,
                "receivedDropped", 4L, "sentBytes", 5L, "sentPackets", 6L, "sentErrors", 7L, "sentDropped", 8L)),
                network);
    }

    @Test
    void hostNameCannotChangeTheTopic() throws IOException {
        file("proc/sys/kernel/hostname", "plant/+#1 a\n");
        assertEquals("plant___1_a", machine.host());
    }

    @Test
    void hostWithoutNameIsUnknown() {
        assertEquals("unknown", machine.host());
    }

    @Test
    void nothingToReadGivesOnlyTheDisk() {
        assertEquals(java.util.Set.of("disk"), machine.all().keySet());
    }

    private void file(String path, String content) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }
}
