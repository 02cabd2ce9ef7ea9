package mqtt.resilient.console.page;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/**
 * One open page: its stream of server-sent events. Nothing here blocks: what a slow browser does not take is left out,
 * and one that takes nothing for a minute is given up. Safe from any thread.
 */
final class OpenPage implements WriteListener, AsyncListener {
    private static final int MOST_WAITING = 64;
    private static final int MOST_WAITING_BYTES = 1 << 20;
    private static final long STALL_NANOS = 60_000_000_000L;
    /** The login counts for the request that opens the stream: so that one that has ended does not count for ever. */
    private static final long LIFE_NANOS = 900_000_000_000L;
    /** How long a page that is to come anew has for it. */
    private static final long RENEWAL_NANOS = 30_000_000_000L;

    final String key;
    /** The name of the client that is looked at; empty = none. */
    final String client;
    final String token;
    private final AsyncContext context;
    private final Consumer<OpenPage> whenGone;
    private final Deque<byte[]> waiting = new ArrayDeque<>();
    private int waitingBytes;
    /** The messages to show; empty = none. */
    final String filter;
    /** The tail; null = none is asked for, the client is not there, or another page has it now. */
    private Tail tail;
    private ServletOutputStream out;
    private boolean unflushed;
    private boolean gone;
    private final long opened = System.nanoTime();
    private long moved = opened;
    /**
     * Of the sampler alone: the last event shown, whether the whole list of clients is due, and its state at the last
     * sample.
     */
    long shownEvent;
    boolean wholeListDue = true;
    long samples;

    OpenPage(String key, String token, String client, String filter, Tail tail, AsyncContext context,
            Consumer<OpenPage> whenGone) {
        this.key = key;
        this.token = token;
        this.client = client;
        this.filter = filter;
        this.tail = tail;
        this.context = context;
        this.whenGone = whenGone;
    }

    /** Begins to write; on the request's thread, before anything is sent. */
    void open() throws IOException {
        context.setTimeout(0);
        context.addListener(this);
        context.getResponse().getOutputStream().setWriteListener(this);
    }

    /** {@return whether this is the page's token; takes as long for a wrong one as for the right one} */
    boolean hasToken(String given) {
        return given != null && MessageDigest.isEqual(token.getBytes(StandardCharsets.UTF_8),
                given.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Sends an event, unless too much waits already.
     *
     * @param event its name
     * @param json one line
     * @return whether it is on its way
     */
    boolean send(String event, String json) {
        byte[] bytes = ("event: " + event + "\ndata: " + json + "\n\n").getBytes(StandardCharsets.US_ASCII);
        synchronized (this) {
            boolean full = waiting.size() >= MOST_WAITING
                    || waitingBytes > 0 && waitingBytes + bytes.length > MOST_WAITING_BYTES;
            if (gone || full) {
                return false;
            }
            waiting.add(bytes);
            waitingBytes += bytes.length;
            return pump();
        }
    }

    /** {@return whether the browser has to show its login again, by a new stream} */
    boolean isOld(long now) {
        return now - opened > LIFE_NANOS;
    }

    /** {@return whether the stream is to end: the browser takes nothing for long, or has not come again} */
    synchronized boolean isOver(long now) {
        return !waiting.isEmpty() && now - moved > STALL_NANOS || now - opened > LIFE_NANOS + RENEWAL_NANOS;
    }

    /** {@return the tail; null = there is none} */
    synchronized Tail tail() {
        return tail;
    }

    /** {@return the tail, which this page has no more, if it shows this; else null} */
    synchronized Tail giveTail(String filter) {
        Tail given = !gone && tail != null && tail.filter().equals(filter) && !tail.isOver() ? tail : null;
        tail = given == null ? tail : null;
        return given;
    }

    /** Ends the stream. Repeatable. */
    void close() {
        end();
        try {
            context.complete();
        } catch (IllegalStateException e) {
            return; // completed already
        }
    }

    private boolean pump() {
        if (out == null || gone) {
            return !gone;
        }
        try {
            while (out.isReady()) {
                byte[] next = waiting.poll();
                if (next != null) {
                    waitingBytes -= next.length;
                    out.write(next);
                    moved = System.nanoTime();
                    unflushed = true;
                } else if (unflushed) {
                    unflushed = false;
                    out.flush();
                } else {
                    moved = System.nanoTime();
                    break;
                }
            }
            return true;
        } catch (IOException | IllegalStateException e) {
            return false; // the browser has gone; the container says so to onError as well
        }
    }

    private void end() {
        Tail last;
        synchronized (this) {
            if (gone) {
                return;
            }
            gone = true;
            waiting.clear();
            last = tail;
        }
        if (last != null) {
            last.close();
        }
        whenGone.accept(this);
    }

    @Override
    public void onWritePossible() throws IOException {
        synchronized (this) {
            out = context.getResponse().getOutputStream();
            pump();
        }
    }

    @Override
    public void onError(Throwable failure) {
        close();
    }

    @Override
    public void onComplete(AsyncEvent event) {
        end();
    }

    @Override
    public void onTimeout(AsyncEvent event) {
        close();
    }

    @Override
    public void onError(AsyncEvent event) {
        close();
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
        // the request is started once
    }
}
