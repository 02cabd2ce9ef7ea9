package mqtt.resilient.impl.client;

import mqtt.resilient.impl.environment.UserStage;

/**
 * The stages of messages that somebody watches, by the number of the message; any number for each. Safe from any
 * thread; only adding allocates, before it changes anything.
 */
final class Watchers<T> {
    private static final int MAX_KEPT = 1024;

    private final UserStage<T>[] few = table(1);
    private UserStage<T>[] buckets = few;
    private int size;
    private volatile boolean empty = true;

    @SuppressWarnings("unchecked")
    private static <T> UserStage<T>[] table(int length) {
        return (UserStage<T>[]) new UserStage<?>[length];
    }

    boolean isEmpty() {
        return empty;
    }

    private int bucket(long id, int length) {
        return (int) (id & length - 1); // numbers that follow each other are spread evenly
    }

    synchronized void add(UserStage<T> stage) {
        if (size >= buckets.length) {
            resize(2 * buckets.length);
        }
        link(buckets, stage);
        size++;
        empty = false;
    }

    private void resize(int length) {
        UserStage<T>[] larger = table(length);
        for (UserStage<T> first : buckets) {
            for (UserStage<T> stage = first; stage != null;) {
                UserStage<T> rest = stage.next();
                link(larger, stage);
                stage = rest;
            }
        }
        few[0] = null;
        buckets = larger;
    }

    private void link(UserStage<T>[] table, UserStage<T> stage) {
        int bucket = bucket(stage.id(), table.length);
        stage.next(table[bucket]);
        table[bucket] = stage;
    }

    synchronized boolean has(long id) {
        UserStage<T> stage = buckets[bucket(id, buckets.length)];
        while (stage != null && stage.id() != id) {
            stage = stage.next();
        }
        return stage != null;
    }

    /** Takes out the stages of the messages with these numbers, from 0; they are linked. Null if there are none. */
    synchronized UserStage<T> remove(long from, long to) {
        UserStage<T> removed = null;
        if (to - from < buckets.length) {
            for (long id = from; id <= to; id++) {
                removed = remove(bucket(id, buckets.length), id, id, removed);
            }
        } else {
            for (int bucket = 0; bucket < buckets.length; bucket++) {
                removed = remove(bucket, from, to, removed);
            }
        }
        empty = size == 0;
        if (empty && buckets.length > MAX_KEPT) {
            buckets = few;
        }
        return removed;
    }

    private UserStage<T> remove(int bucket, long from, long to, UserStage<T> removed) {
        UserStage<T> all = removed;
        UserStage<T> before = null;
        for (UserStage<T> stage = buckets[bucket]; stage != null;) {
            UserStage<T> rest = stage.next();
            if (stage.id() < from || stage.id() > to) {
                before = stage;
            } else {
                if (before == null) {
                    buckets[bucket] = rest;
                } else {
                    before.next(rest);
                }
                stage.next(all);
                all = stage;
                size--;
            }
            stage = rest;
        }
        return all;
    }
}
