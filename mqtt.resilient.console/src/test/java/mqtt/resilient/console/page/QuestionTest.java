package mqtt.resilient.console.page;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class QuestionTest {
    private static final long SECOND = 1_000_000_000;
    private final List<CompletableFuture<String>> asked = new ArrayList<>();
    private final Pages.Question<String> question = new Pages.Question<>(null);

    private String ask(long second) {
        return question.ask(inspector -> {
            asked.add(new CompletableFuture<>());
            return asked.get(asked.size() - 1);
        }, second * SECOND);
    }

    @Test
    void aQuestionThatIsNotAnsweredIsAskedAgainAfterTenSecondsAndNotBefore() {
        assertEquals("null", ask(0));
        asked.get(0).complete("first");
        assertEquals("\"first\"", ask(1));
        assertEquals("\"first\"", ask(10));
        assertEquals(2, asked.size(), "one is under way");
        assertEquals("null", ask(12), "what is old is not shown for ever");
        assertEquals(3, asked.size());
        asked.get(1).complete("too late");
        asked.get(2).completeExceptionally(new IllegalStateException("stopped"));
        assertEquals("null", ask(13));
        asked.get(3).complete("third");
        assertEquals("\"third\"", ask(14));
    }
}
