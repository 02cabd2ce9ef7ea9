package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.environment.ConnectionHandler;
import mqtt.resilient.impl.environment.Route;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The one thread of all clients survives what its tasks throw, and says so if it does not. */
@Timeout(60)
class EventLoopTest {
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private EventLoop loop;

    @BeforeEach
    void start() throws IOException {
        loop = new EventLoop();
        loop.watch(new EventLoop.Watcher() {
            @Override
            public void heapWasShort(String where) {
                heard.add("short: " + where);
            }

            @Override
            public void ended(Throwable reason) {
                heard.add("ended: " + reason.getMessage());
            }
        });
        loop.start();
    }

    @AfterEach
    void stop() throws InterruptedException {
        loop.stop(5000);
    }

    private String next() throws InterruptedException {
        return heard.poll(30, TimeUnit.SECONDS);
    }

    @Test
    void aTaskThatRunsOutOfMemoryEndsNothingAndEverybodyIsToldOnceItIsOver() throws InterruptedException {
        loop.execute(() -> {
            throw new OutOfMemoryError("Java heap space");
        });
        loop.execute(() -> heard.add("the next task"));
        assertEquals(List.of("short: a task of the io loop", "the next task"), List.of(next(), next()));
    }

    @Test
    void aTimerThatRunsOutOfMemoryEndsNoOther() throws InterruptedException {
        loop.execute(() -> {
            loop.at(loop.nanoTime(), () -> {
                throw new OutOfMemoryError("Java heap space");
            });
            loop.at(loop.nanoTime() + 1, () -> heard.add("the next timer"));
        });
        assertEquals(List.of("short: a task of the io loop", "the next timer"), List.of(next(), next()));
    }

    @Test
    void aLoopThatIsStoppedDoesWhatCameBeforeAndEndsAtOnce() throws InterruptedException {
        loop.execute(() -> heard.add("idle"));
        assertEquals("idle", next());
        loop.execute(() -> heard.add("the last task"));
        loop.stop(60_000);
        assertTrue(loop.hasEnded());
        assertTrue(heard.contains("the last task"));
    }

    @Test
    void aTaskThatRunsOutOfStackIsAFaultAndNoShortage() throws InterruptedException {
        loop.execute(() -> {
            throw new StackOverflowError();
        });
        loop.execute(() -> heard.add("the next task"));
        assertEquals("the next task", next());
    }

    @Test
    void aConnectionThatNeedsMoreThanThereIsEndsAndNobodyElseIsTold() throws Exception {
        try (RudePeer peer = new RudePeer(RudePeer::silence)) {
            Route route = new Route(InetAddress.getLoopbackAddress(), peer.port(), "localhost", peer.port(), null, null,
                    null);
            ConnectionHandler handler = (ConnectionHandler) Proxy.newProxyInstance(
                    ConnectionHandler.class.getClassLoader(),
                    new Class<?>[] { ConnectionHandler.class }, (self, method, arguments) -> {
                        if (method.getName().equals("connected")) {
                            throw new OutOfMemoryError("Java heap space");
                        }
                        heard.add(String.valueOf(((ConnectionHandler.Closing) arguments[0]).halfDone()));
                        return null;
                    });
            loop.execute(() -> loop.connect(route, handler));
            assertEquals("true", next());
            loop.execute(() -> heard.add("the next task"));
            assertEquals("the next task", next());
        }
    }

    @Test
    void aLoopThatCannotMendForWantOfHeapEndsWhenItIsStopped() throws InterruptedException {
        loop.watch(new EventLoop.Watcher() {
            @Override
            public void heapWasShort(String where) {
                heard.add("again");
                throw new OutOfMemoryError("Java heap space");
            }

            @Override
            public void ended(Throwable reason) {
                heard.add("ended");
            }
        });
        loop.execute(() -> {
            throw new OutOfMemoryError("Java heap space");
        });
        assertEquals("again", next());
        loop.execute(() -> heard.add("the last task"));
        loop.stop(10_000);
        assertTrue(loop.hasEnded());
        assertTrue(heard.contains("the last task"));
    }

    @Test
    void aMendingThatRunsOutOfMemoryIsDoneAgain() throws InterruptedException {
        loop.watch(new EventLoop.Watcher() {
            private int calls;

            @Override
            public void heapWasShort(String where) {
                if (++calls == 1) {
                    throw new OutOfMemoryError("Java heap space");
                }
                heard.add("mended");
            }

            @Override
            public void ended(Throwable reason) {
                heard.add("ended");
            }
        });
        loop.execute(() -> {
            throw new OutOfMemoryError("Java heap space");
        });
        assertEquals("mended", next());
    }

    @Test
    void anErrorThatNotEvenTheLogCanTakeEndsNothing() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            loop.execute(() -> {
                throw new IllegalStateException() {
                    @Override
                    public String getMessage() {
                        throw new LinkageError("of the log");
                    }
                };
            });
        }
        loop.execute(() -> heard.add("the next task"));
        assertEquals("the next task", next());
    }

    @Test
    void anAnswerComesAlsoWhenItsQuestionFailsWithAnError() throws InterruptedException {
        Questions<String> questions = new Questions<>(loop, loop.threads("test", 0, 1), "stopping",
                error -> "failed: " + error.getMessage());
        for (int i = 0; i < 2; i++) { // and the next one is asked again
            loop.execute(() -> questions.ask("name", () -> {
                throw new OutOfMemoryError("no heap");
            }, heard::add));
            assertEquals("failed: no heap", next());
        }
        loop.execute(() -> questions.ask("name", () -> "found", heard::add));
        assertEquals("found", next());
        questions.stop();
    }

    @Test
    void aLoopThatEndsAllTheSameTellsWhoWatchesAndTasksRunWhereTheyComeFrom() throws InterruptedException {
        loop.breakOff(new IllegalStateException("for the test"));
        assertEquals("ended: for the test", next());
        Await.until(() -> "the end", () -> loop.hasEnded());
        loop.execute(() -> heard.add(Thread.currentThread().getName()));
        assertEquals(Thread.currentThread().getName(), next());
    }

    @Test
    void aClientWhoseLoopHasEndedSaysSo() {
        try (RudePeer peer = new RudePeer(RudePeer::silence);
                RealClient client = new RealClient("mqtt://127.0.0.1:" + peer.port()).start()) {
            Await.until(() -> "a connection", () -> peer.accepted() == 1);
            client.breakOff("the thread mqtt-io has ended");
            Await.until(() -> client.client().status().toString(),
                    () -> client.client().status().state() == ConnectionState.FAILED);
            assertEquals("the thread mqtt-io has ended", client.client().status().reason());
            assertEquals(StoreHealth.FAILED, client.client().status().store());
            assertEquals("the thread mqtt-io has ended", client.client().status().storeReason());
            var publication = client.client().publisher()
                    .publish(mqtt.resilient.api.Message.to("t").payload("1").build());
            Throwable error = publication.stored().handle((stored, thrown) -> thrown).toCompletableFuture().join();
            assertTrue(error instanceof RejectedException, () -> String.valueOf(error));
        }
    }
}
