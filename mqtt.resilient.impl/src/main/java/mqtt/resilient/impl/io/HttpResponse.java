package mqtt.resilient.impl.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Collects the head of an HTTP/1.1 response (RFC 9112), and not a byte more. */
final class HttpResponse {
    private static final int MAX_BYTES = 16_384;

    private final StringBuilder head = new StringBuilder();
    private final Map<String, String> headers = new HashMap<>();
    private String statusLine;

    /** Takes bytes; true when the head is complete. */
    boolean take(ByteBuffer in) throws IOException {
        while (in.hasRemaining() && statusLine == null) {
            head.append((char) (in.get() & 0xFF));
            if (head.length() == 5 && !head.toString().equals("HTTP/")) {
                throw new IOException("the peer does not speak HTTP");
            }
            if (head.length() > MAX_BYTES) {
                throw new IOException("an HTTP response with a head of more than " + MAX_BYTES + " bytes");
            }
            if (head.length() >= 4 && head.substring(head.length() - 4).equals("\r\n\r\n")) {
                parse();
            }
        }
        return statusLine != null;
    }

    private void parse() {
        String[] lines = head.toString().split("\r\n");
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            if (colon > 0) {
                headers.put(lines[i].substring(0, colon).strip().toLowerCase(Locale.ROOT),
                        lines[i].substring(colon + 1).strip());
            }
        }
        statusLine = lines[0];
    }

    /** The status code; 0 if there is none. */
    int status() {
        String[] words = statusLine.split(" ");
        return words.length > 1 && words[1].matches("[0-9]{3}") ? Integer.parseInt(words[1]) : 0;
    }

    /** The first line without control characters, for messages. */
    String statusLine() {
        String printable = new String(statusLine.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8)
                .replaceAll("\\p{Cntrl}", "?");
        return printable.length() > 100 ? printable.substring(0, 100) : printable;
    }

    /** A header, or an empty text. */
    String header(String name) {
        return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
    }
}
