package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.GeneralSecurityException;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLContext;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.ResilientMqttClient;
import org.eclipse.kura.ssl.SslManagerService;
import org.eclipse.kura.ssl.SslServiceListener;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;

/** Keys and trust from Kura's SSL managers. */
class KuraTlsTest extends FrameworkTest {
    private static final String FACTORY = "mqtt.resilient.kura.client";
    private static final String DEFAULT_PID = "org.eclipse.kura.ssl.SslManagerService";
    private static Certificates certificates;

    private final KuraStandIn kura = closing(KuraStandIn.complete(context));
    private final Manager manager = new Manager();

    @BeforeAll
    static void makeCertificates() {
        certificates = new Certificates();
    }

    @AfterAll
    static void deleteCertificates() {
        certificates.close();
    }

    /** Gives the context that a test has put there, and tells its listeners of another one as Kura does. */
    private final class Manager implements SslManagerService {
        private final List<String> aliases = new CopyOnWriteArrayList<>();
        private volatile SSLContext keys = certificates.context("client");

        @Override
        public SSLContext getSSLContext() throws GeneralSecurityException {
            return getSSLContext("");
        }

        @Override
        public SSLContext getSSLContext(String keyAlias) throws GeneralSecurityException {
            aliases.add(keyAlias);
            if (keys == null) {
                throw new GeneralSecurityException("the keystore is locked");
            }
            return keys;
        }

        void change(SSLContext newKeys) throws InvalidSyntaxException {
            keys = newKeys;
            for (ServiceReference<SslServiceListener> each : context.getServiceReferences(SslServiceListener.class,
                    null)) {
                context.getService(each).onConfigurationUpdated();
                context.ungetService(each);
            }
        }
    }

    private ServiceRegistration<SslManagerService> register(String pid) {
        return kura.register(SslManagerService.class, manager, KuraStandIn.PID, pid);
    }

    private Relay door(String certificate, boolean wantsCertificate) {
        return closing(Relay.tls(broker.port(), certificates.context(certificate), List.of(), wantsCertificate));
    }

    private ResilientMqttClient client(Relay door, Object... more) {
        List<Object> all = new ArrayList<>(List.of("brokers", "mqtts://localhost:" + door.port(), "protocol", "3.1.1",
                "backoff.min.ms", 50, "backoff.max.seconds", 1));
        all.addAll(List.of(more));
        kura.create(FACTORY, "secure", all.toArray());
        return clients.service("secure");
    }

    private static SSLContext platform() {
        try {
            return SSLContext.getDefault();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void delivers(ResilientMqttClient client) {
        assertEquals(Outcome.Kind.DELIVERED, Await.result(client.publish(Message.to("x").build()).delivered()).kind());
    }

    private static void awaitReason(ResilientMqttClient client, String reason) {
        Statuses.of(client).await(reason, status -> status.reason().contains(reason));
    }

    @Test
    void theDefaultSslManagerGivesKeysAndTrust() {
        register(DEFAULT_PID);
        Clients.awaitConnected(client(door("server", true)));
        assertTrue(manager.aliases.stream().allMatch(String::isEmpty));
    }

    @Test
    void anotherSslManagerAndAKeyCanBeChosen() {
        register("plant-keys");
        Clients.awaitConnected(client(door("server", true), "SslManagerService.target", "(kura.service.pid=plant-keys)",
                "tls.key.alias", "client"));
        assertTrue(manager.aliases.stream().allMatch("client"::equals), manager.aliases.toString());
    }

    @Test
    void theListInTheConsoleOffersTheSslManagersThatThereAre() {
        manager.keys = platform();
        register(DEFAULT_PID);
        register("plant-keys");
        ResilientMqttClient client = client(door("server", true));
        awaitReason(client, "certification path");
        manager.keys = certificates.context("client");
        kura.choose("secure", "SslManagerService.target", "plant-keys");
        Clients.awaitConnected(client);
    }

    @Test
    void withoutAnSslManagerKeysAndTrustAreThoseOfJava() {
        register(DEFAULT_PID);
        ResilientMqttClient client = client(door("server", false), "kura.ssl.manager", false);
        awaitReason(client, "tls.truststore");
        assertEquals(List.of(), manager.aliases);
        kura.update("secure", "kura.ssl.manager", true);
        Clients.awaitConnected(client);
    }

    @Test
    void theNameInTheBrokersCertificateIsVerified() {
        register(DEFAULT_PID);
        ResilientMqttClient client = client(door("other-name", false));
        awaitReason(client, "name matching localhost");
        kura.update("secure", "tls.verify.hostname", false);
        Clients.awaitConnected(client);
    }

    @Test
    void aBrokerThatKuraDoesNotTrustIsNotConnectedTo() {
        register(DEFAULT_PID);
        ResilientMqttClient client = client(door("foreign", false));
        awaitReason(client, "certification path");
    }

    @Test
    void aMissingSslManagerIsNamedAndTheConnectionIsMadeAsSoonAsItIsThere() {
        ResilientMqttClient client = client(door("server", false), "backoff.min.ms", 3_600_000, "backoff.max.seconds",
                86_400);
        awaitReason(client, "SslManagerService.target: there is no SSL manager (kura.service.pid=" + DEFAULT_PID + ")");
        register(DEFAULT_PID);
        Clients.awaitConnected(client);
    }

    @Test
    void aChangeOfTheKeystoreLeavesTheConnectionAndIsForTheNextOne() throws InvalidSyntaxException {
        register(DEFAULT_PID);
        ResilientMqttClient client = client(door("server", true));
        Clients.awaitConnected(client);
        Statuses statuses = Statuses.of(client);
        manager.change(null);
        delivers(client);
        assertEquals(List.of(ConnectionState.ONLINE), statuses.states());
        kura.update("secure", "backoff.min.ms", 3_600_000, "backoff.max.seconds", 86_400);
        client.reconnect();
        awaitReason(client, "the keystore is locked");
        manager.change(certificates.context("client"));
        Clients.awaitConnected(client);
        delivers(client);
    }

    @Test
    void filesOfOnesOwnComeBeforeTheSslManager() {
        manager.keys = platform();
        register(DEFAULT_PID);
        Clients.awaitConnected(client(door("server", false), "tls.truststore", certificates.authority().toString()));
        assertEquals(List.of(), manager.aliases);
    }
}
