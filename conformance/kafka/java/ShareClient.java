import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** A share group (KIP-932) on the log: two members, records released and rejected, nothing of an aborted transaction. */
public final class ShareClient {
  private static final int COUNT = 60;
  private static final List<String> ONLY_OF_GROUPS =
      List.of("isolation.level", "auto.offset.reset", "group.id");

  public static void main(String[] args) throws Exception {
    Properties properties = new Properties();
    try (var reader = Files.newBufferedReader(Path.of(args[0]))) {
      properties.load(reader);
    }
    Properties test = new Properties();
    try (var reader = Files.newBufferedReader(Path.of(args[1]))) {
      test.load(reader);
    }
    ONLY_OF_GROUPS.forEach(properties::remove);
    String group = test.getProperty("groupPrefix") + "share";
    boolean isSet = true;
    try (Admin admin = Admin.create(properties)) {
      set(admin, group, "share.isolation.level", "read_committed");
      set(admin, group, "share.auto.offset.reset", "earliest");
    } catch (Exception refused) {
      isSet = false;
    }
    produce(properties, test.getProperty("emits"), test.getProperty("transactionalIdPrefix") + "share");

    Set<Long> accepted = new HashSet<>();
    Set<String> kinds = new HashSet<>();
    int released = 0;
    int again = 0;
    boolean twice = false;
    try (var one = consumer(properties, group, test.getProperty("events"));
        var other = consumer(properties, group, test.getProperty("events"))) {
      long deadline = System.nanoTime() + 60_000_000_000L;
      while (accepted.size() < COUNT && System.nanoTime() < deadline) {
        for (var consumer : List.of(one, other)) {
          for (ConsumerRecord<String, String> each : consumer.poll(Duration.ofMillis(500))) {
            // Of others, written before.
            if (!each.value().contains("shared")) {
              consumer.acknowledge(each, AcknowledgeType.ACCEPT);
              continue;
            }
            boolean isFirst = each.deliveryCount().orElse((short) 1) == 1;
            if (each.value().contains("\"n\":7}") && isFirst) {
              released++;
              consumer.acknowledge(each, AcknowledgeType.RELEASE);
              continue;
            }
            if (!isFirst) again++;
            kinds.add(each.value().contains("sharedaborted") ? "aborted" : "committed");
            twice |= !accepted.add(each.offset());
            consumer.acknowledge(each, AcknowledgeType.ACCEPT);
          }
          consumer.commitSync();
        }
      }
    }
    String results =
        String.join(
            ",",
            check("sets the isolation and the start of its share group", isSet),
            check("reads " + COUNT + " events in a share group of two, none twice", accepted.size() == COUNT && !twice),
            check("gets a record again that it released", released > 0 && again >= released),
            check("reads nothing of an aborted transaction in a share group", kinds.equals(Set.of("committed"))));
    System.out.println("[" + results + "]");
  }

  private static void set(Admin admin, String group, String name, String value) throws Exception {
    var resource = new ConfigResource(ConfigResource.Type.GROUP, group);
    Collection<AlterConfigOp> change = List.of(new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET));
    admin.incrementalAlterConfigs(Map.of(resource, change)).all().get();
  }

  private static KafkaShareConsumer<String, String> consumer(Properties shared, String group, String topic) {
    Properties own = new Properties();
    own.putAll(shared);
    own.setProperty("group.id", group);
    own.setProperty("share.acknowledgement.mode", "explicit");
    var consumer = new KafkaShareConsumer<>(own, new StringDeserializer(), new StringDeserializer());
    consumer.subscribe(List.of(topic));
    return consumer;
  }

  private static void produce(Properties shared, String emits, String transactionalId) throws Exception {
    Properties own = new Properties();
    own.putAll(shared);
    own.setProperty("transactional.id", transactionalId);
    try (var producer = new KafkaProducer<>(own, new StringSerializer(), new StringSerializer())) {
      producer.initTransactions();
      for (String kind : List.of("aborted", "committed")) {
        producer.beginTransaction();
        for (int n = 0; n < COUNT; n++) {
          String value = "{\"kind\":\"shared" + kind + "\",\"data\":{\"n\":" + n + "}}";
          var record = new ProducerRecord<String, String>(emits, null, value);
          record.headers().add("name", "platformxe.generic".getBytes(StandardCharsets.UTF_8));
          producer.send(record);
        }
        producer.flush();
        if (kind.equals("committed")) producer.commitTransaction();
        else producer.abortTransaction();
      }
    }
  }

  private static String check(String what, boolean passed) {
    return "{\"what\":\"" + what + "\",\"passed\":" + passed + "}";
  }
}
