package mqtt.resilient.impl.link;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Which addresses were tried, and what became of each, in words. */
final class Tried {
    /** Of addresses that are named; a name may have any number. */
    private static final int MAX_NAMED = 8;

    private final Map<String, List<String>> placesByReason = new LinkedHashMap<>();
    private int named;
    private int others;

    /** One address has failed; the result is that, with the reason of all so far. */
    Ending failed(Ending ending, String place) {
        if (named < MAX_NAMED) {
            named++;
            placesByReason.computeIfAbsent(ending.reason(), reason -> new ArrayList<>()).add(place);
        } else {
            others++;
        }
        String reasons = placesByReason.entrySet().stream()
                .map(each -> each.getKey() + " (tried " + String.join(", ", each.getValue()) + ")")
                .collect(Collectors.joining("; "));
        return new Ending(ending.cause(), reasons + (others == 0 ? "" : "; and " + others + " more addresses"),
                ending.reasonCode(), ending.serverReference());
    }
}
