package mqtt.resilient.impl;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.accessTargetWhere;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import mqtt.resilient.impl.session.ArchitectureViolations;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The rules that cannot be added later: the layers, and that everything outside {@code io}, {@code engine} and
 * {@code component} is deterministic: it makes no thread, blocks on nothing and reads no clock.
 */
class ArchitectureTest {
    private static final String BASE = "mqtt.resilient.impl.";
    /** From the inside out. */
    private static final List<String> LAYERS = List.of("environment", "codec", "session", "store", "link", "dispatch",
            "client", "io", "engine", "component");
    private static final String PLAIN = "mqtt.resilient.plain";
    private static final String[] DETERMINISTIC = LAYERS.stream()
            .filter(layer -> !Set.of("io", "engine", "component").contains(layer))
            .map(layer -> BASE + layer + "..").toArray(String[]::new);

    private static final JavaClasses ENGINE;
    private static final JavaClasses VIOLATIONS;

    static {
        ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false); // a second instead of ten
        ENGINE = new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("mqtt.resilient.impl", PLAIN, "mqtt.resilient.api", "mqtt.resilient.spi");
        VIOLATIONS = new ClassFileImporter().importClasses(ArchitectureViolations.all());
    }

    // ---- the rules ------------------------------------------------------------------------------------------------

    static final ArchRule LAYERS_KNOW_INNER_LAYERS_ONLY = layers();
    static final ArchRule IO_KNOWS_ONLY_THE_ENVIRONMENT = noClasses().that().resideInAPackage(BASE + "io..")
            .should().dependOnClassesThat().resideInAnyPackage(packages("codec", "session", "store", "link", "dispatch",
                    "client", "engine", "component"));
    static final ArchRule API_AND_SPI_KNOW_NO_ENGINE = noClasses()
            .that().resideInAnyPackage("mqtt.resilient.api..", "mqtt.resilient.spi..")
            .should().dependOnClassesThat().resideInAnyPackage("mqtt.resilient.impl..");
    static final ArchRule API_KNOWS_NO_SPI = noClasses().that().resideInAPackage("mqtt.resilient.api..")
            .should().dependOnClassesThat().resideInAnyPackage("mqtt.resilient.spi..");
    static final ArchRule ONLY_COMPONENTS_KNOW_OSGI = noClasses().that().resideOutsideOfPackage(BASE + "component..")
            .should()
            .dependOnClassesThat(resideInAnyPackage("org.osgi.framework..", "org.osgi.service..", "org.osgi.util..")
                    .and(describe("are there at run time", type -> // the form's annotations are not
                    !type.getPackageName().equals("org.osgi.service.metatype.annotations"))));
    static final ArchRule PLAIN_KNOWS_NO_COMPONENTS = noClasses().that().resideInAPackage(PLAIN)
            .should().dependOnClassesThat().resideInAnyPackage(packages("component"));
    static final ArchRule NOBODY_KNOWS_PLAIN = noClasses().that().resideOutsideOfPackage(PLAIN)
            .should().dependOnClassesThat().resideInAPackage(PLAIN);

    static final ArchRule ONLY_THE_LOG_KNOWS_SLF4J = noClasses()
            .that(describe("are not Log", type -> !type.getFullName().equals(BASE + "environment.Log")))
            .should().dependOnClassesThat().resideInAPackage("org.slf4j..");

    static final ArchRule NO_THREADS_FILES_AND_SOCKETS = noClasses().that().resideInAnyPackage(DETERMINISTIC)
            .should().dependOnClassesThat(describe("belong to the machine", ArchitectureTest::isMachine));
    static final ArchRule NO_CLOCKS = deterministic("read no clock",
            access(System.class, "nanoTime", "currentTimeMillis")
                    .or(access("java.time", "now", "system", "systemUTC", "systemDefaultZone", "tick", "tickMillis"))
                    .or(describe("new Date()", access -> access.getTargetOwner().isEquivalentTo(java.util.Date.class)
                            && access.getName().equals("<init>")
                            && access.getDescription().contains("Date.<init>()"))));
    static final ArchRule NO_BLOCKING = deterministic("block on nothing",
            access(Object.class, "wait", "notify", "notifyAll")
                    .or(access(Thread.class, "sleep", "join", "onSpinWait", "yield"))
                    .or(access(java.util.concurrent.TimeUnit.class, "sleep", "timedJoin", "timedWait"))
                    .or(access(java.util.concurrent.Future.class, "get"))
                    .or(access(CompletableFuture.class, "get", "join"))
                    .or(access(java.util.concurrent.BlockingQueue.class, "put", "take"))
                    .or(access(java.util.concurrent.LinkedBlockingQueue.class, "put", "take"))
                    .or(access(java.util.concurrent.ArrayBlockingQueue.class, "put", "take"))
                    .or(access(java.net.InetAddress.class, "getByName", "getAllByName", "getLocalHost", "getHostName",
                            "getCanonicalHostName", "isReachable")));
    static final ArchRule NO_HIDDEN_THREADS = deterministic("use no hidden thread pool",
            access(CompletableFuture.class, "supplyAsync", "runAsync", "orTimeout", "completeOnTimeout",
                    "delayedExecutor", "completeAsync")
                    .or(describe("parallelStream", access -> access.getName().equals("parallelStream")))
                    .or(access(java.util.stream.BaseStream.class, "parallel")));
    static final ArchRule NO_RANDOM_WITHOUT_SEED = deterministic("make no randomness of their own",
            describe("a generator without a seed", (JavaAccess<?> access) -> access.getName().equals("<init>")
                    && (access.getTargetOwner().isEquivalentTo(Random.class)
                            || access.getTargetOwner().isEquivalentTo(SplittableRandom.class))
                    && access.getDescription().contains("Random.<init>()"))
                    .or(access(Math.class, "random")).or(access(StrictMath.class, "random"))
                    .or(access(java.util.UUID.class, "randomUUID"))
                    .or(access(RandomGenerator.class, "of", "getDefault"))
                    .or(access(ThreadLocalRandom.class, "current"))
                    .or(access(java.util.Collections.class, "shuffle")));

    static final ArchRule NO_STATIC_STATE = fields().that().areStatic().should().beFinal();
    static final ArchRule NO_STATIC_MACHINERY = fields().that().areStatic()
            .should().notHaveRawType(resideInAnyPackage("java.util.concurrent.."))
            .andShould().notHaveRawType(java.util.HashMap.class)
            .andShould().notHaveRawType(java.util.ArrayList.class);
    static final ArchRule NO_SERVICE_LOADER = noClasses().should().dependOnClassesThat()
            .areAssignableTo(ServiceLoader.class);
    static final ArchRule NO_CONTEXT_CLASS_LOADER = noClasses().should(accessTargetWhere(
            access(Thread.class, "getContextClassLoader", "setContextClassLoader")));

    private static final Map<String, ArchRule> RULES = Map.ofEntries(
            Map.entry("layers know inner layers only", LAYERS_KNOW_INNER_LAYERS_ONLY),
            Map.entry("io knows only the environment", IO_KNOWS_ONLY_THE_ENVIRONMENT),
            Map.entry("api and spi know no engine", API_AND_SPI_KNOW_NO_ENGINE),
            Map.entry("api knows no spi", API_KNOWS_NO_SPI),
            Map.entry("only components know OSGi", ONLY_COMPONENTS_KNOW_OSGI),
            Map.entry("plain knows no components", PLAIN_KNOWS_NO_COMPONENTS),
            Map.entry("nobody knows plain", NOBODY_KNOWS_PLAIN),
            Map.entry("only Log knows slf4j", ONLY_THE_LOG_KNOWS_SLF4J),
            Map.entry("no threads, files and sockets", NO_THREADS_FILES_AND_SOCKETS),
            Map.entry("no clocks", NO_CLOCKS),
            Map.entry("no blocking", NO_BLOCKING),
            Map.entry("no hidden threads", NO_HIDDEN_THREADS),
            Map.entry("no random without a seed", NO_RANDOM_WITHOUT_SEED),
            Map.entry("no static state", NO_STATIC_STATE),
            Map.entry("no static machinery", NO_STATIC_MACHINERY),
            Map.entry("no ServiceLoader", NO_SERVICE_LOADER),
            Map.entry("no context class loader", NO_CONTEXT_CLASS_LOADER));

    private static LayeredArchitecture layers() {
        LayeredArchitecture architecture = layeredArchitecture().consideringOnlyDependenciesInLayers()
                .withOptionalLayers(true);
        for (String layer : LAYERS) {
            architecture = architecture.layer(layer).definedBy(BASE + layer + "..");
        }
        for (int i = 0; i < LAYERS.size(); i++) {
            architecture = i == 0 ? architecture.whereLayer(LAYERS.get(i)).mayNotAccessAnyLayer()
                    : architecture.whereLayer(LAYERS.get(i)).mayOnlyAccessLayers(
                            LAYERS.subList(0, i).toArray(String[]::new));
        }
        return architecture;
    }

    private static String[] packages(String... layers) {
        return Arrays.stream(layers).map(layer -> BASE + layer + "..").toArray(String[]::new);
    }

    private static final Set<String> HARMLESS_NET = Set.of("java.net.InetAddress", "java.net.Inet4Address",
            "java.net.Inet6Address", "java.net.URI", "java.net.URISyntaxException", "java.net.UnknownHostException");

    private static boolean isMachine(JavaClass type) {
        String name = type.getFullName();
        String owner = type.getPackageName();
        return Set.of("java.lang.Thread", "java.lang.ThreadGroup", "java.lang.Process", "java.lang.ProcessBuilder",
                "java.lang.Runtime", "java.util.Timer", "java.util.TimerTask", "java.util.concurrent.Executors",
                "java.util.concurrent.ForkJoinPool", "java.util.concurrent.CountDownLatch",
                "java.util.concurrent.Semaphore", "java.util.concurrent.CyclicBarrier",
                "java.util.concurrent.ThreadLocalRandom", "java.security.SecureRandom",
                "java.util.concurrent.ThreadPoolExecutor", "java.util.concurrent.ExecutorService",
                "java.util.concurrent.ScheduledExecutorService").contains(name)
                || owner.startsWith("java.nio.file") || owner.startsWith("java.nio.channels")
                || owner.startsWith("javax.net") && !name.equals("javax.net.ssl.SSLContext")
                || owner.equals("java.util.concurrent.locks")
                || owner.startsWith("java.lang.management")
                || owner.startsWith("java.net") && !HARMLESS_NET.contains(name)
                || Stream.of("java.io.File", "java.io.RandomAccessFile").anyMatch(name::startsWith);
    }

    private static ArchRule deterministic(String what, DescribedPredicate<? super JavaAccess<?>> forbidden) {
        return noClasses().that().resideInAnyPackage(DETERMINISTIC).should(accessTargetWhere(forbidden)).as("the "
                + "deterministic layers " + what);
    }

    private static DescribedPredicate<JavaAccess<?>> access(Class<?> owner, String... names) {
        return describe(owner.getSimpleName() + "." + String.join("/", names),
                access -> access.getTargetOwner().isEquivalentTo(owner) && List.of(names).contains(access.getName()));
    }

    private static DescribedPredicate<JavaAccess<?>> access(String packageName, String... names) {
        return describe(packageName + ".*." + String.join("/", names),
                access -> access.getTargetOwner().getPackageName().equals(packageName)
                        && List.of(names).contains(access.getName()));
    }

    // ---- the tests ------------------------------------------------------------------------------------------------

    static Collection<String> ruleNames() {
        return RULES.keySet().stream().sorted().toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ruleNames")
    void theEngineKeepsTheRule(String name) {
        RULES.get(name).allowEmptyShould(true).check(ENGINE);
    }

    @Test
    void everyPackageOfTheEngineIsALayer() {
        Set<String> known = new java.util.TreeSet<>(LAYERS);
        Set<String> found = new java.util.TreeSet<>();
        ENGINE.stream().map(JavaClass::getPackageName).filter(name -> name.startsWith(BASE))
                .forEach(name -> found.add(name.substring(BASE.length())));
        assertEquals(known, found);
    }

    /** Whoever looks for a class by its name finds one. */
    @Test
    void noTwoClassesHaveTheSameName() {
        Set<String> names = new java.util.HashSet<>();
        assertEquals(List.of(), ENGINE.stream().filter(type -> type.isTopLevelClass()
                && !type.getSimpleName().equals("package-info") && !names.add(type.getSimpleName()))
                .map(JavaClass::getName).toList());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ruleNames")
    void theRuleGoesRedOnAViolation(String name) {
        List<Class<?>> violations = ArchitectureViolations.of(name);
        assertTrue(!violations.isEmpty(), "no example breaks this rule");
        for (Class<?> violation : violations) {
            assertTrue(RULES.get(name).allowEmptyShould(true).evaluate(VIOLATIONS.that(describe("the example",
                    type -> type.isEquivalentTo(violation)))).hasViolation(),
                    () -> "not noticed: " + violation.getSimpleName());
        }
    }
}
