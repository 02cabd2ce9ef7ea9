package mqtt.resilient.brokers;

import com.hivemq.extension.sdk.api.ExtensionMain;
import com.hivemq.extension.sdk.api.auth.Authorizer;
import com.hivemq.extension.sdk.api.auth.PublishAuthorizer;
import com.hivemq.extension.sdk.api.auth.SubscriptionAuthorizer;
import com.hivemq.extension.sdk.api.auth.parameter.PublishAuthorizerInput;
import com.hivemq.extension.sdk.api.auth.parameter.PublishAuthorizerOutput;
import com.hivemq.extension.sdk.api.auth.parameter.SubscriptionAuthorizerInput;
import com.hivemq.extension.sdk.api.auth.parameter.SubscriptionAuthorizerOutput;
import com.hivemq.extension.sdk.api.packets.disconnect.DisconnectReasonCode;
import com.hivemq.extension.sdk.api.packets.publish.AckReasonCode;
import com.hivemq.extension.sdk.api.packets.subscribe.SubackReasonCode;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartOutput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopOutput;
import com.hivemq.extension.sdk.api.services.Services;

/**
 * Whom the broker lets do what: everybody everything, but nothing below {@code denied/}, and whoever publishes to
 * {@code leave} is disconnected by the administrator.
 */
final class HiveMqRules implements ExtensionMain {
    /** In every refusal. */
    private static final String WORDS = "not below denied/";

    private static final class Rules implements PublishAuthorizer, SubscriptionAuthorizer {
        @Override
        public void authorizePublish(PublishAuthorizerInput input, PublishAuthorizerOutput output) {
            String topic = input.getPublishPacket().getTopic();
            if (topic.startsWith("denied/")) {
                output.failAuthorization(AckReasonCode.NOT_AUTHORIZED, WORDS);
            } else if (topic.equals("leave")) {
                output.disconnectClient(DisconnectReasonCode.ADMINISTRATIVE_ACTION, "the administrator says so");
            } else {
                output.authorizeSuccessfully();
            }
        }

        @Override
        public void authorizeSubscribe(SubscriptionAuthorizerInput input, SubscriptionAuthorizerOutput output) {
            if (input.getSubscription().getTopicFilter().startsWith("denied/")) {
                output.failAuthorization(SubackReasonCode.NOT_AUTHORIZED, WORDS);
            } else {
                output.authorizeSuccessfully();
            }
        }
    }

    @Override
    public void extensionStart(ExtensionStartInput input, ExtensionStartOutput output) {
        Authorizer rules = new Rules();
        Services.securityRegistry().setEnhancedAuthenticatorProvider(provider -> new HiveMqScram());
        Services.securityRegistry().setAuthorizerProvider(provider -> rules);
    }

    @Override
    public void extensionStop(ExtensionStopInput input, ExtensionStopOutput output) {
        // nothing is held
    }
}
