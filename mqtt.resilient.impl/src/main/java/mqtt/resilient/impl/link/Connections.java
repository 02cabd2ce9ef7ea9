package mqtt.resilient.impl.link;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import mqtt.resilient.impl.environment.Connection;
import mqtt.resilient.impl.environment.ConnectionHandler;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.environment.Route;

/**
 * The network of one client, and its connections that are not closed yet, whoever made them: all can be ended, also
 * those of which nobody else knows any more because a task stopped half way. On the loop only.
 */
final class Connections implements Network {
    private final Network network;
    private final Runnable mend;
    private final List<Member> open = new ArrayList<>();

    /**
     * Makes one without connections.
     *
     * @param mend is run when a connection has ended while something was half done
     */
    Connections(Network network, Runnable mend) {
        this.network = network;
        this.mend = mend;
    }

    /** Between a connection and its handler. */
    private final class Member implements Connection, ConnectionHandler {
        private final ConnectionHandler handler;
        /** Null until it is made. */
        private Connection connection;
        private boolean ended;

        Member(ConnectionHandler handler) {
            this.handler = handler;
        }

        /** Ends it; whoever has it is told nothing more. Allocates nothing itself. */
        void end() {
            ended = true;
            if (handler instanceof Link link) {
                link.abort();
            }
            if (connection != null) {
                connection.close();
            }
        }

        @Override
        public void connected() {
            if (!ended) {
                handler.connected();
            }
        }

        @Override
        public void received(ByteBuffer bytes) {
            if (!ended) {
                handler.received(bytes);
            }
        }

        @Override
        public void fill(Output out) {
            if (!ended) {
                handler.fill(out);
            }
        }

        @Override
        public void flushed() {
            if (!ended) {
                handler.flushed();
            }
        }

        @Override
        public void closed(Closing closing) {
            open.remove(this);
            try {
                if (!ended) {
                    handler.closed(closing);
                }
            } finally {
                if (closing.halfDone()) {
                    mend.run();
                }
            }
        }

        @Override
        public void requestWrite() {
            connection.requestWrite();
        }

        @Override
        public void pauseReading(boolean pause) {
            connection.pauseReading(pause);
        }

        @Override
        public int unsentBytes() {
            return connection.unsentBytes();
        }

        @Override
        public String step() {
            return connection.step();
        }

        @Override
        public void close() {
            connection.close();
            open.remove(this);
        }

        @Override
        public void closeGracefully(byte[] last, long deadlineNanoTime) {
            connection.closeGracefully(last, deadlineNanoTime);
        }
    }

    @Override
    public Connection connect(Route route, ConnectionHandler handler) {
        Member member = new Member(handler);
        open.add(member); // first: from here on it cannot get lost
        member.connection = network.connect(route, member);
        return member;
    }

    /** Ends all connections at once, in any state; nobody is told anything more. To be called again if it throws. */
    void endAll() {
        while (!open.isEmpty()) {
            int last = open.size() - 1;
            open.get(last).end();
            open.remove(last);
        }
    }

    @Override
    public void resolve(String host, BiConsumer<List<InetAddress>, String> answer) {
        network.resolve(host, answer);
    }

    @Override
    public InetAddress literal(String host) {
        return network.literal(host);
    }

    @Override
    public boolean isOnLink(InetAddress address) {
        return network.isOnLink(address);
    }

    @Override
    public String wayTo(InetAddress address) {
        return network.wayTo(address);
    }

    @Override
    public void queryDns(String server, int port, Consumer<Boolean> answer) {
        network.queryDns(server, port, answer);
    }
}
