package mqtt.resilient.impl.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;

/** Collects the head of an HTTP/1.1 response (RFC 9112), and not a byte more. */
final class HttpResponse {
    private static final int MAX_BYTES = 16_384;
    private static final String BEGINNING = "HTTP/";

    /** What it answers, in words. */
    private final String step;
    private final StringBuilder head = new StringBuilder();
    private String[] lines;

    HttpResponse(String step) {
        this.step = step;
    }

    /** Takes bytes; true when the head is complete. */
    boolean take(ByteBuffer in) throws IOException {
        while (in.hasRemaining() && lines == null) {
            head.append((char) (in.get() & 0xFF));
            if (head.length() <= BEGINNING.length() && !BEGINNING.startsWith(head.toString())) {
                throw new IOException("the peer does not speak HTTP during " + step);
            }
            if (head.length() > MAX_BYTES) {
                throw new IOException(
                        "an HTTP response with a head of more than " + MAX_BYTES + " bytes during " + step);
            }
            if (head.length() >= 4 && head.substring(head.length() - 4).equals("\r\n\r\n")) {
                lines = head.toString().split("\r\n");
            }
        }
        return lines != null;
    }

    /** The status code; 0 if there is none. */
    int status() {
        String[] words = lines[0].split(" ");
        return words.length > 1 && words[1].matches("[0-9]{3}") ? Integer.parseInt(words[1]) : 0;
    }

    /** The first line without control characters, for messages. */
    String statusLine() {
        String printable = new String(lines[0].getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8)
                .replaceAll("\\p{Cntrl}", "?");
        return printable.length() > 100 ? printable.substring(0, 100) : printable;
    }

    /** A header, or an empty text. */
    String header(String name) {
        return Stream.of(lines).skip(1).map(line -> line.split(":", 2))
                .filter(pair -> pair.length > 1 && pair[0].strip().equalsIgnoreCase(name))
                .map(pair -> pair[1].strip()).findFirst().orElse("");
    }
}
