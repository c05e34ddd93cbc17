/**
 * Templates for nodes of the cluster: settings, and formatted storage that is made once for this machine and copied. Formatting takes a second and
 * a half of Java for each node, a copy milliseconds.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KafkaProgram } from '../../src/embedded/kafka-jars.ts'
import { type Java, runKafkaTool } from '../../src/embedded/kafka-java.ts'
import { type BrokerPorts, brokerSettings, PLATFORM_USER } from '../../src/embedded/kafka-settings.ts'
import { holdDirectory, type ProgressLogger } from '../../src/embedded/part-directory.ts'
import { pathExists } from '../../src/embedded/stored-files.ts'

/** Of the quorum: controller and broker in one process each. */
export const VOTERS = [1, 2, 3] as const
/** A broker that may be added: none of the quorum. */
export const SPARE = 4
const NODES = [...VOTERS, SPARE]

export interface Timing {
  /** After so long without a heartbeat the controller fences a broker: 9 s by default in Kafka, less in tests. */
  sessionTimeoutMs: number
}

export interface Template {
  password: string
  /** Puts freshly formatted storage at `<directory>/data`: an empty disk with an identity of its own. */
  copyTo(directory: string, node: number): void
}

/** Formats the storage of every node below the program's directory, unless it is there. */
export async function prepareTemplate(deps: {
  program: KafkaProgram
  java: Java
  logger: ProgressLogger
}): Promise<Template> {
  const place = join(deps.program.directory, 'cluster-template')
  const secret = join(place, 'password')
  if (!pathExists(secret)) {
    const held = await holdDirectory(place, deps.logger, 120_000)
    try {
      if (!pathExists(secret)) await format(place, deps)
    } finally {
      held.release()
    }
  }
  return {
    password: readFileSync(secret, 'utf8'),
    copyTo(directory, node) {
      const data = join(directory, 'data')
      rmSync(data, { recursive: true, force: true })
      cpSync(join(place, `node-${node}`, 'data'), data, { recursive: true })
      const meta = join(data, 'meta.properties')
      const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url')
      writeFileSync(
        meta,
        readFileSync(meta, 'utf8').replace(/^directory\.id=.*$/m, `directory.id=${id.replace(/^-/, 'A')}`),
      )
    },
  }
}

/** The password is written last: a template without it is not complete. */
async function format(place: string, { program, java }: { program: KafkaProgram; java: Java }): Promise<void> {
  const password = randomBytes(24).toString('base64url')
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'A')
  const users = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap(each => [
    '--add-scram',
    `${each}=[name=${PLATFORM_USER},password=${password}]`,
  ])
  const ports = new Map(NODES.map(node => [node, { internal: 1, clients: 2, controller: 3 }])) // formatting does not look at them
  await Promise.all(
    NODES.map(async node => {
      const directory = join(place, `node-${node}`)
      rmSync(directory, { recursive: true, force: true })
      mkdirSync(join(directory, 'data'), { recursive: true })
      writeFileSync(
        join(directory, 'format.properties'),
        nodeSettings(node, ports, password, { sessionTimeoutMs: 9_000 }),
        { mode: 0o600 },
      )
      await runKafkaTool({ program, java, directory }, 'kafka.tools.StorageTool', [
        'format',
        '-t',
        clusterId,
        '-c',
        'format.properties',
        ...users,
      ])
    }),
  )
  writeFileSync(join(place, 'password.draft'), password, { mode: 0o600 })
  renameSync(join(place, 'password.draft'), join(place, 'password'))
}

/**
 * `server.properties` of one node. The lines at the end replace those of the single embedded broker: of a name that comes twice Java takes the last.
 * INTERNAL takes every SASL mechanism that the platform may use; the harness itself logs in with PLAIN.
 */
export function nodeSettings(
  node: number,
  ports: ReadonlyMap<number, BrokerPorts>,
  password: string,
  { sessionTimeoutMs }: Timing,
): string {
  const isVoter = (VOTERS as readonly number[]).includes(node)
  const own = ports.get(node)!
  const listeners = [`INTERNAL://127.0.0.1:${own.internal}`, `CLIENTS://127.0.0.1:${own.clients}`]
  const lines = {
    'node.id': node,
    'process.roles': isVoter ? 'broker,controller' : 'broker',
    'controller.quorum.voters': VOTERS.map(voter => `${voter}@127.0.0.1:${ports.get(voter)!.controller}`).join(),
    listeners: [...listeners, ...(isVoter ? [`CONTROLLER://127.0.0.1:${own.controller}`] : [])].join(),
    'listener.name.internal.sasl.enabled.mechanisms': 'SCRAM-SHA-512,SCRAM-SHA-256,PLAIN',
    'listener.name.internal.scram-sha-256.sasl.jaas.config':
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'listener.name.internal.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required user_${PLATFORM_USER}="${password}";`,
    'broker.session.timeout.ms': sessionTimeoutMs,
    'broker.heartbeat.interval.ms': 500,
    // With the default of 30 s a write that waits for all replicas waits for a dead one until the controller fences it.
    'replica.lag.time.max.ms': 2_000,
    // A write wakes the fetcher of its partition alone: with one for all each answer looks through every partition that is followed.
    'num.replica.fetchers': 4,
    'default.replication.factor': 3,
    'min.insync.replicas': 2,
    'offsets.topic.replication.factor': 3,
    'offsets.topic.num.partitions': 6,
    'transaction.state.log.replication.factor': 3,
    'transaction.state.log.min.isr': 2,
    'transaction.state.log.num.partitions': 6,
    'share.coordinator.state.topic.replication.factor': 3,
    'share.coordinator.state.topic.min.isr': 2,
  }
  const text = brokerSettings('data', own, password)
  return text + Object.entries(lines).map(([name, value]) => `${name}=${value}\n`).join('') // biome-ignore format: one thought
}
