/**
 * Kafka, ClickHouse and the installation's keys: somebody else's when their addresses are configured, otherwise started here, in processes of
 * their own below the data directory. A process that runs only some roles joins what another one of the same directory has started.
 */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock, Random } from './clock.ts'
import { type Config, type KafkaSecurityProtocol, ROLES } from './config.ts'
import { portOf } from './delivery/address-guard.ts'
import { joinEmbeddedClickHouse, startEmbeddedClickHouse } from './embedded/clickhouse.ts'
import { type EmbeddedKafka, joinEmbeddedKafka, startEmbeddedKafka } from './embedded/kafka.ts'
import { TOPIC_DEFAULTS } from './embedded/kafka-settings.ts'
import { loadOrCreateKeys } from './embedded/keys.ts'
import type { ProgressLogger } from './embedded/part-directory.ts'
import type { KafkaSettings } from './kafka/wire.ts'

export interface Backends {
  kafka: KafkaSettings
  /** What a topic of the embedded broker is like that says nothing, in Kafka's words; of a cluster nothing is taken for granted. */
  topicDefaults: Readonly<Record<string, string>>
  /** Where organizations' own clients connect, and how. */
  clientBrokers: string[]
  clientSecurityProtocol: KafkaSecurityProtocol
  clickhouseUrl: string
  adminKey: string
  secretKey: string
  /** host:port pairs that webhooks must not reach. */
  addresses: Array<{ host: string; port: number }>
  close(): Promise<void>
}

interface Part<T> {
  connection: T
  close(): Promise<void>
}

const RESTART_PAUSE_MS = 1_000
const RESTARTS_MAX = 5

export async function openBackends(deps: {
  config: Config
  clock: Clock
  random: Random
  progress: ProgressLogger
  onFatal(error: Error): void
}): Promise<Backends> {
  const { config } = deps
  makeDirectory(config.dataDir)
  const joins = config.roles.length < ROLES.length
  const [kafka, clickhouse] = await settled([
    config.kafkaBrokers.length > 0 ? clusterKafka(config) : embeddedKafka(deps, joins),
    config.clickhouseUrl ? { connection: config.clickhouseUrl, close: async () => undefined } : embeddedClickHouse(deps, joins),
  ])
  const close = async () => {
    await Promise.all([kafka.close(), clickhouse.close()])
  }
  try {
    const generated = config.adminKey && config.secretKey ? undefined : await loadOrCreateKeys(config.dataDir, deps.random)
    const { clientBrokers, topicDefaults, ...settings } = kafka.connection
    return {
      kafka: settings,
      topicDefaults,
      clientBrokers,
      clientSecurityProtocol: config.kafkaClientSecurityProtocol ?? (settings.ssl ? 'SASL_SSL' : 'SASL_PLAINTEXT'),
      clickhouseUrl: clickhouse.connection,
      adminKey: config.adminKey ?? generated!.adminKey,
      secretKey: config.secretKey ?? generated!.secretKey,
      addresses: [...[...settings.brokers, ...clientBrokers].map(hostAndPort), addressOf(new URL(clickhouse.connection))],
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Both, or neither: when one cannot start the other is stopped again. */
async function settled<A, B>([a, b]: [Part<A> | Promise<Part<A>>, Part<B> | Promise<Part<B>>]): Promise<[Part<A>, Part<B>]> {
  const [first, second] = await Promise.allSettled([a, b])
  if (first.status === 'fulfilled' && second.status === 'fulfilled') return [first.value, second.value]
  if (first.status === 'fulfilled') await first.value.close()
  if (second.status === 'fulfilled') await second.value.close()
  throw first.status === 'rejected' ? first.reason : (second as PromiseRejectedResult).reason
}

type KafkaConnection = KafkaSettings & Pick<Backends, 'clientBrokers' | 'topicDefaults'>

function clusterKafka(config: Config): Part<KafkaConnection> {
  const { kafkaBrokers: brokers, kafkaUsername: username, kafkaPassword: password, kafkaSsl: ssl, kafkaClientBootstrap } = config
  const clientBrokers = kafkaClientBootstrap.length > 0 ? kafkaClientBootstrap : brokers
  const connection = { brokers, username, password, ssl, clientId: 'clarion', clientBrokers, topicDefaults: {} }
  return { connection, close: async () => undefined }
}

async function embeddedKafka(deps: Parameters<typeof openBackends>[0], joins: boolean): Promise<Part<KafkaConnection>> {
  const { dataDir, cacheDir, brokerHeapMb: heapMb, brokerProfile: profile } = deps.config
  const shown = ({ brokers, clientBrokers, username, password }: ReturnType<typeof joinEmbeddedKafka>): KafkaConnection => {
    return { brokers, clientBrokers, username, password, clientId: 'clarion', topicDefaults: TOPIC_DEFAULTS }
  }
  if (joins) return { connection: shown(joinEmbeddedKafka({ dataDir })), close: async () => undefined }
  return restarting<EmbeddedKafka, KafkaConnection>(
    'Kafka',
    deps,
    onExit => startEmbeddedKafka({ dataDir, cacheDir, heapMb, profile, logger: deps.progress, onExit }),
    shown,
  )
}

async function embeddedClickHouse(deps: Parameters<typeof openBackends>[0], joins: boolean): Promise<Part<string>> {
  const { dataDir } = deps.config
  if (joins) return { connection: joinEmbeddedClickHouse({ dataDir }).url, close: async () => undefined }
  return restarting(
    'ClickHouse',
    deps,
    onExit => startEmbeddedClickHouse({ dataDir, logger: deps.progress, onExit }),
    started => started.url,
  )
}

/** Keeps a child running: it comes back on the same ports, and whoever uses it connects again. */
async function restarting<S extends { close(): Promise<void> }, C>(
  what: string,
  deps: { clock: Clock; progress: ProgressLogger; onFatal(error: Error): void },
  start: (onExit: (reason: string) => void) => Promise<S>,
  connectionOf: (started: S) => C,
): Promise<Part<C>> {
  let closing = false
  let attempts = 0
  let current = await start(onExit)
  let restarted: Promise<void> = Promise.resolve()

  function onExit(reason: string): void {
    if (closing) return
    deps.progress.warn(`${reason}; starting ${what} again`)
    restarted = again()
  }

  async function again(): Promise<void> {
    await current.close().catch(() => undefined)
    while (!closing) {
      await deps.clock.sleep(RESTART_PAUSE_MS)
      try {
        if (!closing) current = await start(onExit)
        attempts = 0
        return
      } catch (error) {
        attempts++
        if (attempts < RESTARTS_MAX) continue
        deps.onFatal(new Error(`${what} cannot be started again: ${(error as Error).message}`, { cause: error }))
        return
      }
    }
  }

  return {
    connection: connectionOf(current),
    async close() {
      closing = true
      await restarted
      await current.close()
    },
  }
}

function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }
}

const addressOf = (url: URL) => ({ host: url.hostname, port: portOf(url) })

/** One level at a time: asked for all at once, Node never comes back from places that are no file system, such as below `/proc`. */
function makeDirectory(path: string): void {
  const missing: string[] = []
  for (let each = path; !existsSync(each); each = dirname(each)) missing.push(each)
  try {
    if (!statSync(missing.length > 0 ? dirname(missing.at(-1)!) : path).isDirectory()) throw new Error('it is a file')
    for (const each of missing.reverse()) mkdirSync(each, { mode: 0o700 })
    accessSync(path, constants.W_OK)
  } catch (error) {
    throw new Error(`The data directory ${path} cannot be used: ${(error as Error).message}. Set CLARION_DATA_DIR to another place.`, {
      cause: error,
    })
  }
}
