package mqtt.resilient.kura.cloud;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Supplier;
import org.eclipse.kura.message.KuraPayload;
import org.eclipse.kura.system.SystemAdminService;
import org.eclipse.kura.system.SystemService;

/**
 * The contents of birth and disconnect messages, with the names that Kura's {@code LifeCyclePayloadBuilder} gives them.
 * What this Kura does not know is left out.
 */
final class LifecycleMessages {
    static final String PREFIX = "topic.control-prefix";
    static final String DEFAULT_PREFIX = "$EDC";

    private final KuraPayload payload = new KuraPayload();

    private LifecycleMessages() {
        payload.setTimestamp(new Date());
    }

    /** The topic of such a message, with variables. */
    static String topic(String prefix, boolean birth) {
        return prefix + "/#account-name/#client-id/MQTT/" + (birth ? "BIRTH" : "DC");
    }

    /** What is published when there is a connection; both services may be null. */
    static KuraPayload birth(SystemService system, SystemAdminService admin, Payloads payloads) {
        LifecycleMessages message = common(system, admin);
        if (system != null) {
            message.add("model_name", system::getModelName);
            message.add("model_id", system::getModelId);
            message.add("part_number", system::getPartNumber);
            message.add("serial_number", system::getSerialNumber);
            message.add("firmware_version", system::getFirmwareVersion);
            message.add("bios_version", system::getBiosVersion);
            message.add("os", system::getOsName);
            message.add("os_version", system::getOsVersion);
            message.add("os_arch", system::getOsArch);
            message.add("jvm_name", system::getJavaVmName);
            message.add("jvm_version", () -> system.getJavaVmVersion() + " " + system.getJavaVmInfo());
            message.add("jvm_profile", () -> system.getJavaVendor() + " " + system.getJavaVersion());
            message.add("kura_version", system::getKuraVersion);
            message.add("osgi_framework", system::getOsgiFwName);
            message.add("osgi_framework_version", system::getOsgiFwVersion);
            message.add("available_processors", () -> String.valueOf(system.getNumberOfProcessors()));
            message.add("total_memory", () -> String.valueOf(system.getTotalMemory()));
        }
        message.addInterfaces();
        message.add("accept_encoding", () -> payloads.isProtobuf() && payloads.gzip() ? "gzip" : "");
        message.add("application_ids", () -> "");
        message.add("payload_encoding", () -> payloads.isProtobuf() ? "KURA_PROTOBUF" : "SIMPLE_JSON");
        return message.payload;
    }

    /** What is published before the connection is ended on purpose. */
    static KuraPayload disconnect(SystemService system, SystemAdminService admin) {
        return common(system, admin).payload;
    }

    private static LifecycleMessages common(SystemService system, SystemAdminService admin) {
        LifecycleMessages message = new LifecycleMessages();
        if (admin != null) {
            message.add("uptime", admin::getUptime);
        }
        if (system != null) {
            message.add("display_name", system::getDeviceName);
        }
        return message;
    }

    private void add(String name, Supplier<String> value) {
        try {
            String text = value.get();
            if (text != null) {
                payload.addMetric(name, text);
            }
        } catch (RuntimeException | LinkageError e) { // foreign code, of a Kura that may lack the method
            EndpointUser.LOG.debug("{} is not known", name, e);
        }
    }

    private void addInterfaces() {
        List<String> names = new ArrayList<>();
        List<String> addresses = new ArrayList<>();
        try {
            for (NetworkInterface each : Collections.list(NetworkInterface.getNetworkInterfaces())) {
                List<InetAddress> own = each.isUp() && !each.isLoopback() ? Collections.list(each.getInetAddresses())
                        : List.of();
                if (!own.isEmpty()) {
                    byte[] hardware = each.getHardwareAddress();
                    names.add(
                            each.getName() + " (" + (hardware == null ? "" : HexFormat.ofDelimiter(":").withUpperCase()
                                    .formatHex(hardware)) + ")");
                    addresses.add(own.stream().filter(address -> !address.isLinkLocalAddress()).findFirst()
                            .orElse(own.get(0)).getHostAddress());
                }
            }
        } catch (SocketException e) {
            EndpointUser.LOG.debug("The interfaces are not known", e);
        }
        add("connection_interface", () -> names.isEmpty() ? "UNKNOWN" : String.join(",", names));
        add("connection_ip", () -> addresses.isEmpty() ? "UNKNOWN" : String.join(",", addresses));
    }
}
