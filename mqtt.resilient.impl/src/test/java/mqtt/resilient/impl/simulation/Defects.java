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
            new Defect("publish-before-its-packet-id-is-stored", "session/InFlight.java",
                    "store.whenDurable(() -> {\n            if (message.state == DeliveryState.ASSIGNING)",
                    AT_ONCE + "() -> {\n            if (message.state == DeliveryState.ASSIGNING)"),
            new Defect("pubrel-before-pubrec-is-stored", "session/InFlight.java",
                    "store.whenDurable(() -> sendPubrel(message));", "sendPubrel(message);"),
            new Defect("pubrec-before-the-message-is-stored", "session/Receiver.java",
                    "store.whenDurable(() -> acknowledge(incoming));",
                    "acknowledge(incoming);"),
            new Defect("pubcomp-before-pubrel-is-stored", "session/Receiver.java",
                    "store.whenDurable(() -> {\n            if (connection.current() == on)",
                    AT_ONCE + "() -> {\n            if (connection.current() == on)"),
            new Defect("subscribe-is-not-stored", "session/Subscriptions.java",
                    "store.subscribed(entry.filter, entry.wanted);", ""),
            // ---- the disk
            new Defect("force-left-out", "store/SegmentWriter.java",
                    "            forceFile();\n            segment.forced",
                    "            segment.forced"),
            new Defect("directory-not-forced", "store/Chain.java",
                    "            nameDue = true;\n            begin(made, path(made));\n"
                            + "            forceDirectory();\n",
                    "            begin(made, path(made));\n"),
            new Defect("failed-write-counts", "store/Journal.java", "            batch.failed = true;\n", ""),
            new Defect("failed-force-is-repeated", "store/Journal.java",
                    "        chains.abandonTails();\n        for", "        for"),
            new Defect("unlinked-before-sent", "store/Compaction.java", "chain.segments.get(dead).messages.live() == 0",
                    "chain.segments.get(dead).messages.live() <= 1"),
            new Defect("reading-that-fails-is-a-loss", "store/BacklogReader.java",
                    "            request.readToEnd[lane] = false;\n            request.unread[lane] = true;\n",
                    "            request.readToEnd[lane] = true;\n"),
            new Defect("reading-that-fails-is-not-repeated", "store/Rereading.java",
                    "                reads.readBehind(lane, lanes[lane].loadedIndex);\n", ""),
            new Defect("gone-and-not-recorded", "store/SessionWriter.java",
                    "                append(record.begin(Records.GONE).number(chain.number).number(last.number));\n"
                            + "                session.force();\n",
                    ""),
            new Defect("never-unlinked", "store/Chain.java", "                files.delete(path(segment));\n", ""),
            new Defect("end-is-not-written", "store/JournalStore.java",
                    "        commit.settled(message.lane(), message.index());\n", ""),
            // ---- sending
            new Defect("dup-missing", "session/Sender.java",
                    "(duplicate && message.qos() > 0 ? DUPLICATE : 0)",
                    "0"),
            new Defect("dup-in-a-new-session", "session/InFlight.java",
                    "                message.state = DeliveryState.READY;\n            }\n        }\n    }\n\n"
                            + "    /** Everything in flight",
                    "            }\n        }\n    }\n\n    /** Everything in flight"),
            new Defect("packet-id-free-at-pubrec", "session/InFlight.java",
                    "        notePubrec(message);\n    }",
                    "        notePubrec(message);\n        ids.free(message.packetId);\n    }"),
            new Defect("packet-id-changes", "session/Sender.java", "        message.sentOn = connection.number();\n",
                    "        message.sentOn = connection.number();\n"
                            + "        message.packetId ^= message.sentOn > 1 && !release ? 0x100 : 0;\n"),
            new Defect("window-not-reset", "session/InFlight.java", "        wire.clear();\n", ""),
            new Defect("window-ignored", "session/SendWindow.java", "return used < slots\n                && (",
                    "return used < 2 * slots\n                && ("),
            new Defect("repeated-on-the-same-connection", "session/ConnectionState.java", "        number++;\n", ""),
            new Defect("not-repeated", "session/InFlight.java",
                    "        messages.resendAll();\n    }\n\n    /** What is",
                    "    }\n\n    /** What is"),
            new Defect("new-before-repeated", "session/Sender.java", "        if (resent) {\n", "        {\n"),
            new Defect("pubrel-lost", "session/InFlight.java",
                    "                acknowledgements.add(PacketType.PUBREL, message.packetId);\n            }\n"
                            + "        }\n    }",
                    "            }\n        }\n    }"),
            new Defect("pubrel-not-repeated", "session/Sender.java",
                    "boolean release = message.state.isReleased();",
                    "boolean release = message.state.isReleased();\n        if (release) {\n"
                            + "            message.sentOn = connection.number();\n            return true;\n        }"),
            new Defect("books-are-wrong", "client/Intake.java",
                    "        endedMessages.lazySet(kind, endedMessages.get(kind) + 1);\n        endedBytes",
                    "        endedMessages.lazySet(kind, endedMessages.get(kind)\n"
                            + "                + (message.message().expiresAfterNanos() > 0 ? 2 : 1));\n"
                            + "        endedBytes"),
            new Defect("waits-for-the-broker-and-means-the-disk", "session/InFlight.java",
                    "wire.count() - wire.releasing",
                    "wire.count()"),
            // ---- receiving
            new Defect("acknowledged-before-handled", "session/Receiver.java",
                    "            events.received(incoming);\n        } catch",
                    "            handled(incoming);\n            events.received(incoming);\n        } catch"),
            new Defect("acknowledged-out-of-order", "session/Receiver.java",
                    "for (Incoming head = unacknowledged.peek(); head != null && head.handled; head = "
                            + "unacknowledged.peek()) {\n"
                            + "            unacknowledged.remove();",
                    "for (Incoming head : java.util.List.copyOf(unacknowledged)) {\n"
                            + "            if (!head.handled || !unacknowledged.remove(head)) {\n"
                            + "                continue;\n            }"),
            new Defect("repetition-is-handed-over", "session/Receiver.java",
                    "                    acknowledge();\n                } else if (before.handled",
                    "                    acknowledge();\n                    return before;\n"
                            + "                } else if (before.handled"),
            new Defect("subscription-not-renewed", "session/Subscriptions.java",
                    "            entry.noted = NOT_WANTED;\n            entry.held = Held.NOTHING;\n",
                    "            entry.noted = NOT_WANTED;\n"),
            new Defect("listener-that-threw-is-not-called-again", "dispatch/ListenerQueue.java",
                    "            dispatcher.scheduler.execute(planRetry);\n", ""),
            // ---- the session and the link
            new Defect("session-resumed-without-state", "link/SessionOwner.java",
                    "return settings.sessionExpirySeconds() > 0 && !key",
                    "own = key;\n        return settings.sessionExpirySeconds() < 0 && !key"),
            new Defect("loss-of-the-session-ignored", "session/Session.java",
                    "            store.session(key);\n            sessionLost();\n",
                    "            store.session(key);\n"),
            new Defect("session-discarded-needlessly", "link/SessionOwner.java", "own = complete ? stored : null;",
                    "own = null;"),
            new Defect("ping-only-on-idle-output", "link/Liveness.java", "Math.min(lastReceived - now, lastSent - now)",
                    "(lastSent - now)"),
            new Defect("pings-too-late", "link/LinkSettings.java", ": keepAliveSeconds * NANOS_PER_SECOND / 2;",
                    ": keepAliveSeconds * NANOS_PER_SECOND * 8;"),
            new Defect("ping-without-an-answer-is-no-matter", "link/Liveness.java",
                    "if (!ping.isAwaited()) {\n            return null;",
                    "if (ping.awaitedSince() != 0) {\n            return null;"),
            new Defect("progress-does-not-count", "link/Liveness.java",
                    "        awaitFrom(NEVER);\n        ping.awaitAnew", "        ping.awaitAnew"),
            new Defect("timers-leak", "link/Alarm.java", "        Scheduler.cancel(timer);\n        timerAt = time;",
                    "        timerAt = time;"),
            new Defect("old-link-not-closed", "link/Link.java",
                    "            connection.close();\n            detach(Stage.CLOSED, passedOver",
                    "            detach(Stage.CLOSED, passedOver"),
            // ---- births and ends
            new Defect("birth-behind-the-rest", "session/Session.java",
                    "birth.fill(connection.codec(), connection.limits(), out)\n"
                            + "                && acknowledgements.fill(connection.codec(), out)"
                            + " && subscriptions.fill(connection.codec(), out)",
                    "acknowledgements.fill(connection.codec(), out) && subscriptions.fill(connection.codec(), out)\n"
                            + "                && birth.fill(connection.codec(), connection.limits(), out)"),
            new Defect("birth-takes-no-slot", "session/Birth.java",
                    "            wire.add(size, false, stage != Stage.AWAITS_PUBACK, sign);\n",
                    ""),
            new Defect("birth-under-an-id-that-is-held", "session/Birth.java",
                    "            held.add(packetId);\n        }\n        unanswered", "        }\n        unanswered"),
            new Defect("end-of-a-subscription-not-told", "session/Subscriptions.java",
                    "            answer(entry, answer);\n", ""),
            // ---- MQTT 5
            new Defect("aliases-of-the-connection-before", "v5/TopicAliases.java",
                    "private final Map<String, Entry> byTopic",
                    "private static final Map<String, Entry> byTopic"),
            new Defect("topic-behind-an-alias-stays", "v5/Codec5.java", "            aliasesIn[alias] = topic;\n",
                    "            aliasesIn[alias] = aliasesIn[alias] == null ? topic : aliasesIn[alias];\n"),
            new Defect("receive-maximum-ignored", "session/SendWindow.java",
                    "            receiveMaximum = limits.receiveMaximum();\n",
                    ""),
            new Defect("maximum-packet-size-ignored", "session/PublishLimits.java",
                    "size > limits.maximumPacketBytes()", "size < 0"),
            new Defect("refused-for-now-counts-as-delivered", "link/Link.java",
                    "answersPublish && reason.code() >= FAILURE",
                    "answersPublish && reason.code() >= FAILURE && reason.code() != 0x97"),
            new Defect("lowered-qos-not-told", "session/Outgoing.java", "String lowered = lowered();",
                    "String lowered = \"\";"),
            new Defect("session-expiry-not-sent", "v5/Codec5.java", "if (options.sessionExpirySeconds() > 0) {",
                    "if (options.sessionExpirySeconds() < 0) {"),
            new Defect("expiry-begins-anew", "session/Outgoing.java", "(nanos - (now - acceptedNanos))", "nanos"),
            new Defect("session-of-five-resumed-under-three", "link/SessionKey.java",
                    "clientId, version.hasSessionExpiry()",
                    "clientId, false"),
            new Defect("session-that-a-lost-connack-ended", "link/SessionOwner.java",
                    "            own = null;\n            stateLost = true;\n        }", "        }"),
            new Defect("another-session-not-told", "link/SessionOwner.java",
                    "boolean lost = (own != null || stateLost)",
                    "boolean lost = stateLost"),
            new Defect("user-properties-not-stored", "store/MessageRecord.java",
                    "            message.properties(MessageProperties.read(bytes.slice(bytes.position(), "
                            + "propertyBytes)));\n",
                    ""),
            new Defect("keepalive-of-the-broker-ignored", "link/Link.java",
                    "            keepAliveSeconds = limits.keepAliveSeconds();", "            keepAliveSeconds += 0;"),
            new Defect("subscription-identifier-not-sent", "v5/Codec5.java",
                    "identifier > 0 && limits.subscriptionIdentifiers()",
                    "identifier > 1000 && limits.subscriptionIdentifiers()"),
            // ---- what the process runs short of, and getting back to work
            new Defect("busy-before-it-is-certain", "store/GroupCommit.java",
                    "        answer.await(batch.begun, \"the disk has not answered for \");\n",
                    "        state = State.BUSY;\n        answer.await(batch.begun, \"the disk has not answered for "
                            + "\");\n"),
            new Defect("no-answer-is-no-matter", "store/Answer.java",
                    "tell(asked ? slow + LONG_NANOS / SECOND + \" s\" : NO_THREAD);",
                    "tell(\"\");"),
            new Defect("store-is-not-mended", "client/Client.java", "store::mend, ", ""),
            new Defect("no-attempt-after-mending", "link/Supervisor.java",
                    "            attempt();\n        }\n    }\n\n    /** Nothing goes on",
                    "        }\n    }\n\n    /** Nothing goes on"),
            new Defect("connection-forgotten-without-heap", "link/Supervisor.java", "        network.endAll();\n", ""),
            new Defect("command-lost-without-heap", "environment/Repeated.java",
                    "            scheduler.execute(this);\n", ""),
            new Defect("next-attempt-much-too-late", "link/Supervisor.java",
                    "        at(next, this::attempt); // before",
                    "        at(next + 200 * SECOND, this::attempt); // before"));

    private Defects() {
    }
}
