/**
 * Runs the Kafka Streams application (`kafka-streams/Admission.java`) on the topic that the raw pass-through reads, and answers its steady rate. Maven
 * fetches its jars once for this machine; Java runs the source as it is.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { fetchedJars } from './fetched-jars.ts'
import { ORDER_SCHEMA } from './order.ts'
import { createTopics, filledTopic } from './pass-through.ts'
import { type Sample, steadyRate } from './rates.ts'
import type { Testbed } from './testbed.ts'

const PATIENCE_MS = 180_000
const SOURCE = fileURLToPath(new URL('kafka-streams/Admission.java', import.meta.url))
const POM = fileURLToPath(new URL('kafka-streams/pom.xml', import.meta.url))

let runs = 0

/** Records a second, exactly once, judged by a JSON Schema validator for Java and numbered from a store. */
export async function kafkaStreamsRate(testbed: Testbed, threads: number): Promise<number> {
  const { topic, records } = await filledTopic(testbed)
  const out = `bench.kafka-streams.out-${++runs}`
  await createTopics(testbed, [out], 4)
  const directory = join(testbed.dataDir, `kafka-streams-${runs}`)
  mkdirSync(directory)
  const [settings, schema] = [join(directory, 'settings.properties'), join(directory, 'schema.json')]
  writeFileSync(settings, settingsOf(testbed, directory, threads))
  writeFileSync(schema, JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...ORDER_SCHEMA }))
  const samples = await run(testbed, [
    '-cp',
    `${await fetchedJars('kafka-streams', POM)}/*`,
    '-Xmx1g',
    SOURCE,
    settings,
    schema,
    topic,
    out,
    String(records),
  ])
  const rate = steadyRate(samples, records)
  testbed.say(`Kafka Streams, ${threads} threads: ${Math.round(rate)} records/s`)
  return rate
}

function settingsOf({ kafka }: Testbed, directory: string, threads: number): string {
  const login = `org.apache.kafka.common.security.scram.ScramLoginModule required username="${kafka.username}" password="${kafka.password}";`
  return [
    `application.id=bench-kafka-streams-${runs}`,
    `bootstrap.servers=${kafka.brokers.join(',')}`,
    'security.protocol=SASL_PLAINTEXT',
    'sasl.mechanism=SCRAM-SHA-512',
    `sasl.jaas.config=${login}`,
    `num.stream.threads=${threads}`,
    `state.dir=${directory}`,
    'replication.factor=1',
    'auto.offset.reset=earliest',
  ].join('\n')
}

function run(testbed: Testbed, args: string[]): Promise<Sample[]> {
  const child = spawn('java', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const samples: Sample[] = []
  let said = ''
  createInterface({ input: child.stdout }).on('line', line => {
    const [at, total] = line.split(' ').map(Number) as [number, number]
    if (total > 0) samples.push({ atMs: at, total })
  })
  child.stderr.on('data', (text: Buffer) => {
    said = (said + text.toString()).slice(-2_000)
  })
  const patience = testbed.clock.after(PATIENCE_MS, () => child.kill('SIGKILL'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => {
      patience.cancel()
      if (code === 0) resolve(samples)
      else reject(new Error(`the Kafka Streams application ended with ${code}:\n${said}`))
    })
  })
}
