import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** An application in Java: its properties are the credential's clientProperties, unchanged. */
public final class Client {
  private static final List<String> results = new ArrayList<>();

  public static void main(String[] args) throws Exception {
    Properties properties = new Properties();
    try (var reader = Files.newBufferedReader(Path.of(args[0]))) {
      properties.load(reader);
    }
    Properties test = new Properties();
    try (var reader = Files.newBufferedReader(Path.of(args[1]))) {
      test.load(reader);
    }
    String emits = test.getProperty("emits");
    int count = Integer.parseInt(test.getProperty("count"));
    List<String> expected = new ArrayList<>();

    for (String codec : test.getProperty("codecs").split(",")) {
      boolean passed = true;
      try (KafkaProducer<String, String> producer = producer(properties, "compression.type", codec)) {
        List<java.util.concurrent.Future<?>> sent = new ArrayList<>();
        for (int n = 0; n < count; n++) {
          sent.add(producer.send(record(emits, codec, n)));
          expected.add(codec);
        }
        producer.flush();
        for (var each : sent) each.get();
      } catch (Exception refused) {
        passed = false;
      }
      check("produces with " + codec, passed);
    }

    try (KafkaProducer<String, String> producer = producer(properties, "transactional.id", test.getProperty("transactionalIdPrefix") + "java")) {
      producer.initTransactions();
      for (String kind : List.of("aborted", "committed")) {
        producer.beginTransaction();
        for (int n = 0; n < 3; n++) producer.send(record(emits, kind, n)).get();
        if (kind.equals("committed")) producer.commitTransaction();
        else producer.abortTransaction();
      }
    }
    expected.addAll(List.of("committed", "committed", "committed"));

    boolean refusedForeign = false;
    try (KafkaProducer<String, String> producer = producer(properties, "max.block.ms", "5000")) {
      producer.send(record(test.getProperty("foreign"), "no", 0)).get();
    } catch (Exception refused) {
      refusedForeign = true;
    }
    check("is refused a neighbour's topic", refusedForeign);

    readBack(properties, test.getProperty("events"), test.getProperty("groupPrefix") + "java", expected);
    System.out.println("[" + String.join(",", results) + "]");
  }

  private static void readBack(Properties properties, String events, String group, List<String> expected) {
    Properties own = new Properties();
    own.putAll(properties);
    own.setProperty("group.id", group);
    List<String> kinds = new ArrayList<>();
    Set<String> sequences = new HashSet<>();
    Set<String> names = new HashSet<>();
    try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(own, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of(events));
      long deadline = System.nanoTime() + 40_000_000_000L;
      while (kinds.size() < expected.size() && System.nanoTime() < deadline) {
        for (ConsumerRecord<String, String> each : consumer.poll(Duration.ofSeconds(1))) {
          Matcher kind = Pattern.compile("\"kind\":\"(\\w+)\"").matcher(each.value());
          kinds.add(kind.find() ? kind.group(1) : "none");
          for (Header header : each.headers()) names.add(header.key());
          sequences.add(new String(each.headers().lastHeader("sequence").value(), StandardCharsets.UTF_8));
        }
      }
      consumer.commitSync();
    }
    Collections.sort(kinds);
    Collections.sort(expected);
    check("reads back what was accepted with isolation.level of the credential, nothing of an aborted transaction", kinds.equals(expected));
    check("is told by headers what routing needs", names.containsAll(List.of("canonical-name", "event-id", "sequence", "depth", "environment", "schema-version", "ce_type")));
    check("finds the sequence without a gap", sequences.size() == expected.size());
  }

  private static KafkaProducer<String, String> producer(Properties shared, String name, String value) {
    Properties own = new Properties();
    own.putAll(shared);
    own.setProperty(name, value);
    own.setProperty("linger.ms", "50");
    return new KafkaProducer<>(own, new StringSerializer(), new StringSerializer());
  }

  private static ProducerRecord<String, String> record(String topic, String kind, int n) {
    String value = "{\"kind\":\"" + kind + "\",\"data\":{\"n\":" + n + "}}";
    ProducerRecord<String, String> record = new ProducerRecord<>(topic, "s" + n % 3, value);
    record.headers().add("name", "platformxe.generic".getBytes(StandardCharsets.UTF_8));
    return record;
  }

  private static void check(String what, boolean passed) {
    results.add("{\"what\":\"" + what + "\",\"passed\":" + passed + "}");
  }
}
