package mqtt.resilient.impl.simulation;

import java.util.List;

/** Defects that the simulator must see, or it would not see others of their kind. */
final class Defects {
    private static final String AT_ONCE = "((java.util.function.Consumer<Runnable>) Runnable::run).accept(";

    static final List<Defect> ALL = List.of(
            // ---- what must be on the disk first
            new Defect("stored-is-told-before-it-is", "store/JournalStore.java",
                    "        message.index(++lane.latestIndex);\n",
                    "        message.index(++lane.latestIndex);\n        listener.stored(message.id());\n"),
            new Defect("publish-before-its-packet-id-is-stored", "session/Session.java",
                    "store.whenDurable(() -> {\n            if (message.state == Outgoing.ASSIGNING)",
                    AT_ONCE + "() -> {\n            if (message.state == Outgoing.ASSIGNING)"),
            new Defect("pubrel-before-pubrec-is-stored", "session/Session.java",
                    "store.whenDurable(() -> sendRelease(message));", "sendRelease(message);"),
            new Defect("pubrec-before-the-message-is-stored", "session/Session.java",
                    "store.whenDurable(() -> receiver.handled(incoming, connected ? connection : -1));",
                    "receiver.handled(incoming, connected ? connection : -1);"),
            new Defect("pubcomp-before-pubrel-is-stored", "session/Session.java",
                    "store.whenDurable(() -> {\n            if (connected && connection == on)",
                    AT_ONCE + "() -> {\n            if (connected && connection == on)"),
            new Defect("subscribe-is-not-stored", "session/Subscriptions.java",
                    "store.subscribed(entry.filter, entry.noted);", ""),
            // ---- the disk
            new Defect("force-left-out", "store/Chain.java", "            tail.file.force();\n            tail.forced", "            tail.forced"),
            new Defect("directory-not-forced", "store/Chain.java",
                    "            begin(made, path(made));\n            forceDirectory();\n",
                    "            begin(made, path(made));\n"),
            new Defect("failed-write-counts", "store/Journal.java", "        batch.failed = true;\n", ""),
            new Defect("failed-force-is-repeated", "store/Journal.java",
                    "            chain.abandonTail();\n        }\n        for", "        }\n        for"),
            new Defect("unlinked-before-sent", "store/Journal.java", "chain.segments.get(0).live == 0",
                    "chain.segments.get(0).live <= 1"),
            new Defect("never-unlinked", "store/Chain.java", "            files.delete(path(segment));\n        }\n        removalDue",
                    "        }\n        removalDue"),
            new Defect("end-is-not-written", "store/JournalStore.java",
                    "        pending.ended(message.lane(), message.index());\n", ""),
            // ---- sending
            new Defect("dup-missing", "session/Session.java",
                    "(duplicate && message.qos() > 0 ? DUPLICATE : 0)",
                    "0"),
            new Defect("dup-in-a-new-session", "session/Session.java", "            message.known = false;\n", ""),
            new Defect("packet-id-free-at-pubrec", "session/Session.java", "                store.released(message);\n",
                    "                store.released(message);\n                ids.free(message.packetId);\n"),
            new Defect("packet-id-changes", "session/Session.java", "        message.known = message.qos() > 0;\n",
                    "        message.known = message.qos() > 0;\n        message.packetId ^= message.sentOn > 1 && !release ? 0x100 : 0;\n"),
            new Defect("window-not-reset", "session/Session.java", "        wire.clear();\n", ""),
            new Defect("window-ignored", "session/SendWindow.java", "return used < slots\n                && (",
                    "return used < 2 * slots\n                && ("),
            new Defect("repeated-on-the-same-connection", "session/Session.java", "PacketType.PUBREL, id));\n        repeat = inFlight.first();\n",
                    "PacketType.PUBREL, id));\n        repeat = inFlight.first();\n        connection--;\n"),
            new Defect("not-repeated", "session/Session.java", "PacketType.PUBREL, id));\n        repeat = inFlight.first();\n",
                    "PacketType.PUBREL, id));\n"),
            new Defect("new-before-repeated", "session/Session.java", "} else if (repeated) {", "} else {"),
            new Defect("pubrel-lost", "session/Session.java",
                    "                acknowledgements.add(PacketType.PUBREL, message.packetId);\n            }\n        }\n    }",
                    "            }\n        }\n    }"),
            new Defect("pubrel-not-repeated", "session/Session.java",
                    "boolean release = message.state == Outgoing.AWAITS_PUBCOMP;",
                    "boolean release = message.state == Outgoing.AWAITS_PUBCOMP;\n        if (release) {\n"
                            + "            message.sentOn = connection;\n            return true;\n        }"),
            new Defect("books-are-wrong", "client/Intake.java",
                    "        endedMessages.lazySet(kind, endedMessages.get(kind) + 1);\n        endedBytes",
                    "        endedMessages.lazySet(kind, endedMessages.get(kind)\n"
                            + "                + (message.message().expiresAfterNanos() > 0 ? 2 : 1));\n        endedBytes"),
            new Defect("waits-for-the-broker-and-means-the-disk", "session/Session.java", "wire.count() - wire.releasing",
                    "wire.count()"),
            // ---- receiving
            new Defect("acknowledged-before-handled", "session/Session.java", "            events.received(incoming);\n        } else {",
                    "            handled(incoming);\n            events.received(incoming);\n        } else {"),
            new Defect("acknowledged-out-of-order", "session/Receiver.java",
                    "for (Incoming head = unacknowledged.peek(); head != null && head.handled; head = unacknowledged.peek()) {\n"
                            + "            unacknowledged.remove();",
                    "for (Incoming head : java.util.List.copyOf(unacknowledged)) {\n"
                            + "            if (!head.handled || !unacknowledged.remove(head)) {\n                continue;\n            }"),
            new Defect("repetition-is-handed-over", "session/Receiver.java",
                    "                    acknowledge();\n                } else if (before.handled",
                    "                    acknowledge();\n                    return before;\n                } else if (before.handled"),
            new Defect("subscription-not-renewed", "session/Subscriptions.java",
                    "            entry.noted = NOT_WANTED;\n            entry.held = Held.NOTHING;\n",
                    "            entry.noted = NOT_WANTED;\n"),
            new Defect("listener-that-threw-is-not-called-again", "dispatch/ListenerQueue.java",
                    "            dispatcher.retryLater(this::work, delivery.failures);\n", ""),
            // ---- the session and the link
            new Defect("session-resumed-without-state", "link/Supervisor.java",
                    "attempt = new Attempt(network, scheduler, protocol, settings, uri, clientId(), discard,",
                    "ownSession = sessionKey();\n        attempt = new Attempt(network, scheduler, protocol, settings, uri, clientId(), false,"),
            new Defect("loss-of-the-session-ignored", "session/Session.java",
                    "            store.session(key);\n            sessionLost();\n", "            store.session(key);\n"),
            new Defect("session-discarded-needlessly", "link/Supervisor.java",
                    "ownSession = complete && !key.isEmpty() ? key : null;", "ownSession = null;"),
            new Defect("ping-only-on-idle-output", "link/Link.java", "Math.min(lastReceived - now, lastSent - now)",
                    "(lastSent - now)"),
            new Defect("pings-too-late", "link/LinkSettings.java", ": keepAliveSeconds * NANOS_PER_SECOND / 2;",
                    ": keepAliveSeconds * NANOS_PER_SECOND * 8;"),
            new Defect("ping-without-an-answer-is-no-matter", "link/Link.java", "if (pingSince == NEVER) {\n            return false;",
                    "if (pingSince != 0) {\n            return false;"),
            new Defect("progress-does-not-count", "link/Link.java",
                    "                awaitFrom(NEVER);\n                pingSince = ", "                pingSince = "),
            new Defect("timers-leak", "link/Link.java", "        Scheduler.cancel(timer);\n        timerAt = time;",
                    "        timerAt = time;"),
            new Defect("old-link-not-closed", "link/Link.java", "            connection.close();\n            leave(cause",
                    "            leave(cause"));

    private Defects() {
    }
}
