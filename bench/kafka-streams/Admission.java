import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import java.io.FileInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The same work as `admit` does on a registered event, as an application on Kafka Streams would be written: exactly once, the payload judged by
 * its JSON Schema (2020-12, formats asserted), a sequence number from a store with a changelog, the record passed on with it.
 *
 * Arguments: a properties file for Kafka Streams, the schema's file, topic in, topic out, how many records end it. Prints
 * `<ms since 1970> <records so far>` five times a second.
 */
public class Admission {
  static final LongAdder DONE = new LongAdder();

  public static void main(String[] args) throws Exception {
    Properties settings = new Properties();
    try (FileInputStream file = new FileInputStream(args[0])) {
      settings.load(file);
    }
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
    String schema = Files.readString(Path.of(args[1]));
    long records = Long.parseLong(args[4]);

    Topology topology = new Topology();
    topology.addSource("in", args[2]);
    topology.addProcessor("judge", () -> new Judge(schema), "in");
    topology.addStateStore(
        Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("counters"), Serdes.String(), Serdes.Long()), "judge");
    topology.addSink("out", args[3], "judge");

    KafkaStreams streams = new KafkaStreams(topology, settings);
    streams.start();
    while (DONE.sum() < records) {
      System.out.println(System.currentTimeMillis() + " " + DONE.sum());
      Thread.sleep(200);
    }
    System.out.println(System.currentTimeMillis() + " " + DONE.sum());
    streams.close();
  }

  static class Judge implements Processor<byte[], byte[], byte[], byte[]> {
    private final JsonSchema schema;
    private final ObjectMapper json = new ObjectMapper();
    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<String, Long> counters;

    Judge(String text) {
      SchemaValidatorsConfig config = SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();
      schema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(text, config);
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
      this.context = context;
      counters = context.getStateStore("counters");
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
      try {
        JsonNode payload = json.readTree(record.value());
        if (!schema.validate(payload).isEmpty()) throw new IllegalStateException("not valid");
      } catch (java.io.IOException error) {
        throw new IllegalStateException(error);
      }
      String organization = "organization-" + context.recordMetadata().get().partition();
      Long before = counters.get(organization);
      long sequence = before == null ? 1 : before + 1;
      counters.put(organization, sequence);
      record.headers().add("sequence", Long.toString(sequence).getBytes(StandardCharsets.UTF_8));
      context.forward(record);
      DONE.increment();
    }
  }
}
