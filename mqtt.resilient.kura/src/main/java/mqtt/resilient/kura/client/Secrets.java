package mqtt.resilient.kura.client;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.eclipse.kura.configuration.Password;
import org.eclipse.kura.crypto.CryptoService;

/**
 * The secrets of a configuration, in clear text: Kura hands over what it has encrypted, a file or a shell what it was
 * given, and the console a word that stands for what it does not show.
 */
public final class Secrets {
    /** What the console shows, and sends back for a secret that was not changed. */
    private static final String PLACEHOLDER = "Placeholder";
    /** A vector of 12 bytes and a cipher text of at least its check, both in Base64. */
    private static final Pattern ENCRYPTED = Pattern.compile("[A-Za-z0-9+/]{16}-[A-Za-z0-9+/]{22,}={0,2}");

    private Secrets() {
    }

    /** Whether a key names a secret. */
    static boolean isSecret(String key) {
        return key.startsWith(".");
    }

    /**
     * Replaces the secrets of a configuration by what they mean.
     *
     * @param properties changed
     * @param before what the secrets meant so far, for those that have not changed
     * @param crypto null = there is none now
     * @return why that cannot be done now; empty if it was
     */
    public static Optional<String> reveal(Map<String, Object> properties, Map<String, ?> before, CryptoService crypto) {
        for (String key : List.copyOf(properties.keySet())) {
            if (isSecret(key)) {
                List<String> known = texts(before.get(key));
                List<String> clear = new ArrayList<>();
                for (String text : texts(properties.get(key))) {
                    if (text.equals(PLACEHOLDER)) {
                        clear.add(clear.size() < known.size() ? known.get(clear.size()) : "");
                    } else if (crypto == null && ENCRYPTED.matcher(text).matches()) {
                        return Optional.of(key + ": encrypted, and Kura's CryptoService is not available yet");
                    } else {
                        clear.add(decrypt(text, crypto));
                    }
                }
                properties.put(key, clear.toArray(String[]::new));
            }
        }
        return Optional.empty();
    }

    private static String decrypt(String text, CryptoService crypto) {
        try {
            return crypto == null || text.isEmpty() ? text : new String(crypto.decryptAes(text.toCharArray()));
        } catch (Exception e) { // of any kind, for any text that was not encrypted
            return text;
        }
    }

    /** The values of a property of any type. */
    private static List<String> texts(Object value) {
        List<String> texts = new ArrayList<>();
        if (value instanceof char[] chars) {
            texts.add(new String(chars));
        } else if (value instanceof Password password) {
            texts.add(new String(password.getPassword()));
        } else if (value instanceof Iterable<?> each) {
            each.forEach(one -> texts.add(String.valueOf(one)));
        } else if (value != null && value.getClass().isArray()) {
            for (int i = 0; i < Array.getLength(value); i++) {
                texts.addAll(texts(Array.get(value, i)));
            }
        } else if (value != null) {
            texts.add(String.valueOf(value));
        }
        return texts;
    }
}
