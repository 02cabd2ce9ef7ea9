package mqtt.resilient.itest;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.osgi.framework.Bundle;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** Reads forms as Kura does: by the name of their file and the raw names of their elements. */
final class KuraForms {
    private static final int BOXES = 10;

    /** One attribute of a form, as the raw XML has it. */
    record Attribute(Map<String, String> values, Map<String, String> options) {
        String id() {
            return values.get("id");
        }

        /** What the console sends of this field: boxes, of which there are ten for a list. */
        void show(Map<String, Object> properties) {
            Object value = properties.get(id());
            if (isArray()) {
                String[] boxes = value instanceof String[] texts ? Arrays.copyOf(texts, BOXES) : new String[BOXES];
                properties.put(id(), Stream.of(boxes).map(each -> each == null ? "" : each).toArray(String[]::new));
            } else if ("String".equals(values.get("type")) && options.isEmpty()) {
                properties.put(id(), value == null ? "" : value.toString());
            }
        }

        boolean isPassword() {
            return "Password".equals(values.get("type"));
        }

        private boolean isArray() {
            return Math.abs(Integer.parseInt(values.getOrDefault("cardinality", "0"))) > 1;
        }
    }

    private KuraForms() {
    }

    /** Reads a form as Kura does; fails where Kura would show nothing. */
    static List<Attribute> form(Bundle bundle, String pid) {
        Element ocd = only(document(bundle, pid), "OCD");
        if (!ocd.getAttribute("id").equals(pid)) {
            throw new AssertionError("the OCD of " + pid + " has the id " + ocd.getAttribute("id"));
        }
        List<Attribute> attributes = new ArrayList<>();
        for (Element each : elements(ocd, "AD")) {
            Map<String, String> options = new HashMap<>();
            for (Element option : elements(each, "Option")) {
                if (options.put(option.getAttribute("label"), option.getAttribute("value")) != null) {
                    throw new AssertionError("two options of " + each.getAttribute("id") + " have the same label");
                }
            }
            attributes.add(new Attribute(attributes(each), options));
        }
        return attributes;
    }

    /** {@return the attributes of the Designate} */
    static Map<String, String> designate(Bundle bundle, String pid) {
        return attributes(only(document(bundle, pid), "Designate"));
    }

    private static Element document(Bundle bundle, String pid) {
        URL file = bundle.getEntry("OSGI-INF/metatype/" + pid + ".xml");
        if (file == null) {
            throw new AssertionError("Kura finds no form for " + pid);
        }
        try (InputStream in = file.openStream()) {
            return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(in).getDocumentElement();
        } catch (IOException | ParserConfigurationException | SAXException e) {
            throw new AssertionError(e);
        }
    }

    private static Element only(Element in, String name) {
        List<Element> all = elements(in, name);
        if (all.size() != 1) {
            throw new AssertionError(all.size() + " elements " + name);
        }
        return all.get(0);
    }

    private static List<Element> elements(Element in, String name) {
        List<Element> all = new ArrayList<>();
        NodeList nodes = in.getChildNodes();
        for (int i = 0; i < nodes.getLength(); i++) {
            if (nodes.item(i).getNodeName().equals(name)) {
                all.add((Element) nodes.item(i));
            }
        }
        return all;
    }

    private static Map<String, String> attributes(Element element) {
        Map<String, String> all = new HashMap<>();
        for (int i = 0; i < element.getAttributes().getLength(); i++) {
            Node each = element.getAttributes().item(i);
            all.put(each.getNodeName(), each.getNodeValue());
        }
        return all;
    }

    static Map<String, Object> defaults(Bundle bundle, String pid) {
        Map<String, Object> all = new HashMap<>();
        for (Attribute each : form(bundle, pid)) {
            String text = each.values.getOrDefault("default", "");
            if (!text.isEmpty()) {
                Object[] values = Stream.of(each.isArray() ? text.split(",") : new String[] { text })
                        .map(one -> value(each.values.get("type"), one)).toArray();
                all.put(each.id(), each.isArray() ? Stream.of(values).toArray(String[]::new) : values[0]);
            }
        }
        return all;
    }

    private static Object value(String type, String text) {
        return switch (type) {
            case "Integer" -> Integer.valueOf(text);
            case "Long" -> Long.valueOf(text);
            case "Double" -> Double.valueOf(text);
            case "Boolean" -> Boolean.valueOf(text);
            case "Password" -> KuraStandIn.encrypted(text);
            case "String" -> text;
            default -> throw new AssertionError("Kura knows no type " + type);
        };
    }
}
