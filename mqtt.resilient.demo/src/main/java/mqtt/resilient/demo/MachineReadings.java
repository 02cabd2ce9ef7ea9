package mqtt.resilient.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the machine from {@code /proc} and {@code /sys} (see proc(5)). Whatever the machine does not have or does not
 * show is left out. Safe from any thread.
 */
final class MachineReadings {
    private static final int KIBIBYTE = 1024;
    private static final int NET_RECEIVED = 0;
    private static final int NET_SENT = 8;
    private static final int NET_COLUMNS = 16;

    private final Path root;
    private final Path directory;

    /**
     * Reads below a root.
     *
     * @param root where proc and sys are; {@code /} on a real machine
     * @param directory a directory on the file store whose use is reported
     */
    MachineReadings(Path root, Path directory) {
        this.root = root;
        this.directory = directory;
    }

    /** {@return what was read, by name: the values of each reading by theirs} */
    Map<String, Map<String, Object>> all() {
        Map<String, Map<String, Object>> readings = new LinkedHashMap<>();
        load().ifPresent(values -> readings.put("load", values));
        memory().ifPresent(values -> readings.put("memory", values));
        temperature().ifPresent(values -> readings.put("temperature", values));
        disk().ifPresent(values -> readings.put("disk", values));
        network().ifPresent(values -> readings.put("network", values));
        return readings;
    }

    /** {@return the host's name, with every character that has a meaning in a topic replaced by {@code _}} */
    String host() {
        List<String> lines = lines(root.resolve("proc/sys/kernel/hostname"));
        String name = lines.isEmpty() ? "" : lines.get(0).strip();
        return name.isEmpty() ? "unknown" : name.replaceAll("[^A-Za-z0-9._-]", "_");
    }

    Optional<Map<String, Object>> load() {
        for (String line : lines(root.resolve("proc/loadavg"))) {
            String[] columns = line.strip().split("\\s+");
            if (columns.length >= 3) {
                return numbers(() -> {
                    Map<String, Object> values = new LinkedHashMap<>();
                    values.put("minute1", Double.valueOf(columns[0]));
                    values.put("minute5", Double.valueOf(columns[1]));
                    values.put("minute15", Double.valueOf(columns[2]));
                    return values;
                });
            }
        }
        return Optional.empty();
    }

    Optional<Map<String, Object>> memory() {
        Map<String, Long> bytes = new LinkedHashMap<>();
        for (String line : lines(root.resolve("proc/meminfo"))) {
            String[] columns = line.strip().split(":?\\s+");
            if (columns.length == 3 && "kB".equals(columns[2]) && columns[1].matches("\\d{1,15}")) {
                bytes.put(columns[0], Long.parseLong(columns[1]) * KIBIBYTE);
            }
        }
        Long total = bytes.get("MemTotal");
        // Kernels before 3.14 do not tell what is available.
        Long available = bytes.getOrDefault("MemAvailable", bytes.get("MemFree"));
        if (total == null || total == 0 || available == null) {
            return Optional.empty();
        }
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("totalBytes", total);
        values.put("availableBytes", available);
        values.put("usedPercent", percent(total - available, total));
        values.put("swapTotalBytes", bytes.getOrDefault("SwapTotal", 0L));
        values.put("swapFreeBytes", bytes.getOrDefault("SwapFree", 0L));
        return Optional.of(values);
    }

    /** The processor's sensor if one is named so, else the first thermal zone. */
    Optional<Map<String, Object>> temperature() {
        List<Map<String, Object>> sensors = new ArrayList<>();
        for (Path zone : children(root.resolve("sys/class/thermal"), "thermal_zone*")) {
            addSensor(sensors, zone.resolve("type"), zone.resolve("temp"));
        }
        int zones = sensors.size();
        for (Path chip : children(root.resolve("sys/class/hwmon"), "hwmon*")) {
            addSensor(sensors, chip.resolve("name"), chip.resolve("temp1_input"));
        }
        return sensors.stream().filter(sensor -> isProcessor(sensor.get("sensor").toString())).findFirst()
                .or(() -> sensors.stream().limit(zones).findFirst());
    }

    private static boolean isProcessor(String sensor) {
        return sensor.matches("(?i).*(cpu|soc|x86_pkg|coretemp|k10temp|zenpower).*");
    }

    private static void addSensor(List<Map<String, Object>> sensors, Path name, Path milliCelsius) {
        List<String> names = lines(name);
        List<String> readings = lines(milliCelsius);
        if (!names.isEmpty() && !readings.isEmpty() && readings.get(0).strip().matches("-?\\d{1,7}")) {
            Map<String, Object> sensor = new LinkedHashMap<>();
            sensor.put("celsius", Integer.parseInt(readings.get(0).strip()) / 1000.0);
            sensor.put("sensor", names.get(0).strip());
            sensors.add(sensor);
        }
    }

    Optional<Map<String, Object>> disk() {
        try {
            FileStore store = Files.getFileStore(directory);
            long total = store.getTotalSpace();
            if (total <= 0) {
                return Optional.empty();
            }
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("totalBytes", total);
            values.put("availableBytes", store.getUsableSpace());
            values.put("usedPercent", percent(total - store.getUnallocatedSpace(), total));
            values.put("type", store.type());
            return Optional.of(values);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Each interface but loopback: bytes, packets, errors and drops, received and sent. */
    Optional<Map<String, Object>> network() {
        Map<String, Object> interfaces = new LinkedHashMap<>();
        for (String line : lines(root.resolve("proc/net/dev"))) {
            // The name may hold a colon (an alias), the numbers may follow it without a space.
            int colon = line.lastIndexOf(':');
            String name = colon < 0 ? "" : line.substring(0, colon).strip();
            String[] columns = line.substring(colon + 1).strip().split("\\s+");
            if (!name.isEmpty() && !"lo".equals(name) && columns.length >= NET_COLUMNS) {
                numbers(() -> {
                    Map<String, Object> counters = new LinkedHashMap<>();
                    addCounters(counters, "received", columns, NET_RECEIVED);
                    addCounters(counters, "sent", columns, NET_SENT);
                    return counters;
                }).ifPresent(counters -> interfaces.put(name, counters));
            }
        }
        return interfaces.isEmpty() ? Optional.empty() : Optional.of(interfaces);
    }

    private static void addCounters(Map<String, Object> counters, String direction, String[] columns, int from) {
        counters.put(direction + "Bytes", Long.parseUnsignedLong(columns[from]));
        counters.put(direction + "Packets", Long.parseUnsignedLong(columns[from + 1]));
        counters.put(direction + "Errors", Long.parseUnsignedLong(columns[from + 2]));
        counters.put(direction + "Dropped", Long.parseUnsignedLong(columns[from + 3]));
    }

    private static double percent(long part, long whole) {
        return Math.round(1000.0 * part / whole) / 10.0;
    }

    private static Optional<Map<String, Object>> numbers(java.util.function.Supplier<Map<String, Object>> parse) {
        try {
            return Optional.of(parse.get());
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static List<Path> children(Path parent, String glob) {
        List<Path> paths = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(parent, glob)) {
            stream.forEach(paths::add);
        } catch (IOException | java.nio.file.DirectoryIteratorException e) {
            return List.of();
        }
        paths.sort(null);
        return paths;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return List.of();
        }
    }
}
