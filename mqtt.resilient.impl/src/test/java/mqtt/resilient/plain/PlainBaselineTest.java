package mqtt.resilient.plain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.reflect.Executable;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The API for plain Java beside that of the last release, which is in {@code cnf/baseline}: see
 * {@code docs/releasing.md}. Its package is not exported and has no version: what was there stays until the next major
 * version of the product.
 */
class PlainBaselineTest {
    private static final Path RELEASED = Path.of("../cnf/baseline/mqtt.resilient.plain.txt");

    @Test
    void whatTheLastReleaseHadIsStillThere() throws IOException {
        List<String> now = signatures();
        if (Boolean.getBoolean("baseline.write")) {
            Files.write(RELEASED, now);
        }
        assertEquals(List.of(), Files.readAllLines(RELEASED).stream().filter(each -> !now.contains(each)).toList(),
                "is gone since the last release: undo, or, for a new major version of the product, bin/release "
                        + "--baseline");
    }

    private static List<String> signatures() {
        return Stream.of(ResilientMqtt.class, ResilientMqtt.Builder.class).flatMap(type -> Stream.concat(
                Stream.of(type.toGenericString()),
                Stream.<Executable>concat(Stream.of(type.getDeclaredMethods()),
                        Stream.of(type.getDeclaredConstructors()))
                        .filter(each -> Modifier.isPublic(each.getModifiers()) && !each.isSynthetic())
                        .map(Executable::toGenericString).sorted()))
                .toList();
    }
}
