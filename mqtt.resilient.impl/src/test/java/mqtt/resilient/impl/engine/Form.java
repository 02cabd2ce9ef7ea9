package mqtt.resilient.impl.engine;

import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * What the form of a client says about a key, as the build made it from {@link ClientConfig}.
 *
 * @param type as the metatype names it
 * @param min null = there is none; where there are options, the first
 * @param max null = there is none; where there are options, the last
 */
record Form(String type, String min, String max) {
    private static final String FILE = "/OSGI-INF/metatype/" + ClientConfig.PID + ".xml";

    /** Whether it is a whole number. */
    boolean isWhole() {
        return List.of("Integer", "Long").contains(type);
    }

    /** All keys, in the order of the form. */
    static Map<String, Form> keys() {
        Map<String, Form> keys = new LinkedHashMap<>();
        try (InputStream xml = Form.class.getResourceAsStream(FILE)) {
            elements(DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(xml).getDocumentElement(), "AD")
                    .forEach(key -> keys.put(key.getAttribute("id"), of(key)));
        } catch (Exception e) {
            throw new IllegalStateException(FILE, e);
        }
        return keys;
    }

    private static Form of(Element key) {
        List<String> options = elements(key, "Option").stream().map(option -> option.getAttribute("value")).toList();
        return options.isEmpty()
                ? new Form(key.getAttribute("type"), orNull(key.getAttribute("min")), orNull(key.getAttribute("max")))
                : new Form(key.getAttribute("type"), options.get(0), options.get(options.size() - 1));
    }

    private static String orNull(String text) {
        return text.isEmpty() ? null : text;
    }

    private static List<Element> elements(Element parent, String name) {
        NodeList nodes = parent.getElementsByTagName(name);
        return IntStream.range(0, nodes.getLength()).mapToObj(i -> (Element) nodes.item(i)).toList();
    }
}
