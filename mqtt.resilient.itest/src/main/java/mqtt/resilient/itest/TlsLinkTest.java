package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import mqtt.resilient.itest.BrokerDoors.Door;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** TLS against a real broker; what goes wrong is told in the user's words. */
@EngineTest
class TlsLinkTest extends LinkTest {
    private static final int MEGABYTE = 1_000_000;
    private static Certificates certificates;
    private static BrokerDoors doors;

    @BeforeAll
    static void openDoors() {
        certificates = new Certificates();
        doors = new BrokerDoors(certificates);
    }

    @AfterAll
    static void closeDoors() {
        doors.close();
        certificates.close();
    }

    private LinkClient trusting(Door door, Object... keysAndValues) {
        return trusting(doors.uri(door), keysAndValues);
    }

    private LinkClient trusting(String broker, Object... keysAndValues) {
        Object[] all = new Object[keysAndValues.length + 2];
        all[0] = "tls.truststore";
        all[1] = certificates.authority().toString();
        System.arraycopy(keysAndValues, 0, all, 2, keysAndValues.length);
        return client(broker, all);
    }

    private static String path(Path path) {
        return path.toString();
    }

    // ---- versions -------------------------------------------------------------------------------------------------

    @Test
    void aMegabyteGoesThroughTls12AndBack() {
        trusting(Door.TLS, "tls.protocols", "TLSv1.2").awaitOnline().echoes(MEGABYTE - 1000);
    }

    @Test
    void aMegabyteGoesThroughTls13AndBack() {
        trusting(Door.TLS, "tls.protocols", "TLSv1.3").awaitOnline().echoes(MEGABYTE - 1000);
    }

    @Test
    void aCipherSuiteCanBeChosen() {
        trusting(Door.TLS, "tls.ciphers", "TLS_AES_128_GCM_SHA256").awaitOnline().echoes(1000);
    }

    @Test
    void aBrokerThatSpeaksOnlyTls12IsSpokenToInTls12() {
        Relay old = closing(
                Relay.tls(doors.port(Door.PLAIN), certificates.context("server"), List.of("TLSv1.2"), false));
        trusting("mqtts://localhost:" + old.port()).awaitOnline().echoes(1000);
    }

    @Test
    void aBrokerWithoutACommonTlsVersionIsNamedAsThat() {
        Relay old = closing(
                Relay.tls(doors.port(Door.PLAIN), certificates.context("server"), List.of("TLSv1.2"), false));
        trusting("mqtts://localhost:" + old.port(), "tls.protocols", "TLSv1.3")
                .awaitReason("no common TLS version", "tls.protocols");
    }

    @Test
    void aTlsVersionThatDoesNotExistIsNamedWithItsKey() {
        trusting(Door.TLS, "tls.protocols", "TLSv9").awaitReason("TLSv9");
    }

    // ---- the broker's certificate ---------------------------------------------------------------------------------

    @Test
    void anAddressInTheUriIsLookedForInTheCertificate() {
        trusting(doors.uri(Door.TLS, "127.0.0.1")).awaitOnline().echoes(1000);
    }

    @Test
    void anExpiredCertificateIsNamedAsThat() {
        trusting(Door.EXPIRED).awaitReason("the certificate of localhost expired on 2");
    }

    @Test
    void aCertificateThatIsNotYetValidIsReportedWithTheClockOfThisMachine() {
        trusting(Door.NOT_YET_VALID).awaitReason("the certificate of localhost is not yet valid, it begins on 2",
                "this machine's clock says 2");
    }

    @Test
    void aCertificateOfAnotherNameIsNamedWithTheNamesItHolds() {
        trusting(Door.OTHER_NAME).awaitReason("no name in the certificate matches localhost", "other.example");
    }

    @Test
    void theNameInTheCertificateDoesNotMatterWhenTheUserSaysSo() {
        trusting(Door.OTHER_NAME, "tls.verify.hostname", false).awaitOnline().echoes(1000);
    }

    @Test
    void theNameIsTheOnlyThingThatDoesNotMatterThen() {
        trusting(Door.EXPIRED, "tls.verify.hostname", false).awaitReason("expired on 2");
    }

    @Test
    void aCertificateOfAnUnknownAuthorityIsNamedWithItsIssuer() {
        trusting(Door.FOREIGN).awaitReason("not signed by an authority that is trusted here (tls.truststore)",
                "CN=foreign-authority");
    }

    @Test
    void withoutATrustStoreThePlatformsAuthoritiesCount() {
        client(doors.uri(Door.TLS)).awaitReason("not signed by an authority that is trusted here (tls.truststore)");
    }

    // ---- our certificate ------------------------------------------------------------------------------------------

    @Test
    void aRequiredClientCertificateIsShownFromPem() {
        trusting(Door.CLIENT_CERTIFICATE, "tls.keystore", path(certificates.pem("client"))).awaitOnline().echoes(1000);
    }

    @Test
    void aRequiredClientCertificateIsShownFromPkcs12() {
        trusting(Door.CLIENT_CERTIFICATE, "tls.keystore", path(certificates.pkcs12("client")), ".tls.keystore.password",
                Certificates.PASSWORD, "tls.key.alias", "client", "tls.protocols", "TLSv1.2").awaitOnline()
                .echoes(1000);
    }

    @Test
    void aMissingClientCertificateIsNamedInTls13() {
        trusting(Door.CLIENT_CERTIFICATE).awaitReason("certificate", "tls.keystore");
    }

    @Test
    void aMissingClientCertificateIsNamedInTls12() {
        trusting(Door.CLIENT_CERTIFICATE, "tls.protocols", "TLSv1.2").awaitReason("certificate", "tls.keystore");
    }

    @Test
    void aClientCertificateOfAnotherAuthorityIsNamedAsRefused() {
        trusting(Door.CLIENT_CERTIFICATE, "tls.keystore", path(certificates.pem("foreign-client")))
                .awaitReason("certificate", "tls.keystore");
    }

    @Test
    void aWrongPasswordOfTheKeyStoreIsNamedWithTheKey() {
        trusting(Door.CLIENT_CERTIFICATE, "tls.keystore", path(certificates.pkcs12("client")), ".tls.keystore.password",
                "wrong").awaitReason("tls.keystore", "does not open with .tls.keystore.password");
    }

    @Test
    void aFileThatDoesNotExistIsNamedWithTheKey() {
        client(doors.uri(Door.TLS), "tls.truststore", "/nowhere/at-all.pem")
                .awaitReason("tls.truststore: /nowhere/at-all.pem does not exist");
    }

    @Test
    void anAliasThatDoesNotExistIsNamedWithTheKey() {
        trusting(Door.CLIENT_CERTIFICATE, "tls.keystore", path(certificates.pkcs12("client")), ".tls.keystore.password",
                Certificates.PASSWORD, "tls.key.alias", "nobody").awaitReason("tls.key.alias", "nobody");
    }

    // ---- the wrong port -------------------------------------------------------------------------------------------

    @Test
    void tlsOnAPlainPortIsNamedAsThat() {
        TestBroker plain = closing(TestBroker.orMoquette()).start(); // Artemis says nothing to that
        trusting("mqtts://localhost:" + plain.port()).awaitReason("does not speak TLS on this port");
    }

    @Test
    void plainMqttOnATlsPortGetsAReasonAndNoSpin() {
        LinkClient client = client("mqtt://localhost:" + doors.port(Door.TLS));
        client.await("three attempts", () -> client.mqtt.metrics().attempts() >= 3);
        client.awaitReason("");
        assertTrue(client.mqtt.status().reason().length() > 10, client.mqtt.status()::toString);
    }

    // ---- files that change ----------------------------------------------------------------------------------------

    @Test
    void aTrustStoreThatIsReplacedCountsForTheNextAttempt() throws IOException {
        Path trust = Files.createTempFile("itest-trust", ".pem");
        closing(() -> Files.delete(trust));
        Files.copy(certificates.foreignAuthority(), trust, StandardCopyOption.REPLACE_EXISTING);
        LinkClient client = client(doors.uri(Door.TLS), "tls.truststore", path(trust));
        client.awaitReason("not signed by an authority that is trusted here");
        Files.copy(certificates.authority(), trust, StandardCopyOption.REPLACE_EXISTING);
        client.awaitOnline().echoes(1000);
    }

    @Test
    void aKeyStoreThatIsReplacedLeavesTheConnectionAndCountsForTheNextOne() throws IOException {
        Path key = Files.createTempFile("itest-key", ".pem");
        closing(() -> Files.delete(key));
        Files.copy(certificates.pem("client"), key, StandardCopyOption.REPLACE_EXISTING);
        LinkClient client = trusting(Door.CLIENT_CERTIFICATE, "tls.keystore", path(key)).awaitOnline();
        long connections = client.mqtt.metrics().connections();
        Files.copy(certificates.pem("foreign-client"), key, StandardCopyOption.REPLACE_EXISTING);
        client.echoes(1000);
        assertEquals(connections, client.mqtt.metrics().connections());
        client.mqtt.reconnect();
        client.awaitReason("certificate", "tls.keystore");
        Files.copy(certificates.pem("client"), key, StandardCopyOption.REPLACE_EXISTING);
        client.awaitOnline().echoes(1000);
    }
}
