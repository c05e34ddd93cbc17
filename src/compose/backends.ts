/**
 * Kafka, ClickHouse and the installation's keys: external where their addresses are configured, otherwise started here,
 * as child processes below the data directory. A process with only some roles joins the backends of another process of
 * the same directory.
 */
import type { Clock, Random } from '../clock.ts'
import { checkKeyIds, givenKeyIds, usableKey } from '../control-plane/store/secret-keys.ts'
import { portOf } from '../delivery/address-guard.ts'
import { joinEmbeddedClickHouse, startEmbeddedClickHouse, tablesFile } from '../embedded/clickhouse.ts'
import { adviceFor } from '../embedded/data-files.ts'
import { type EmbeddedKafka, joinEmbeddedKafka, startEmbeddedKafka } from '../embedded/kafka.ts'
import { TOPIC_DEFAULTS } from '../embedded/kafka-settings.ts'
import { keyIdsFile, loadOrCreateKeys } from '../embedded/keys.ts'
import type { ProgressLogger } from '../embedded/part-directory.ts'
import { preflight } from '../embedded/preflight.ts'
import { readStored, writePrivate } from '../embedded/stored-files.ts'
import { createTokenSource } from '../kafka/protocol/token-source.ts'
import type { KafkaSettings } from '../kafka/protocol/wire.ts'
import type { KafkaSecurityProtocol } from '../model/security-protocol.ts'
import type { Config } from '../settings/config.ts'
import { readPem } from '../settings/pem.ts'

export interface Backends {
  kafka: KafkaSettings
  /**
   * Topic settings that the embedded broker applies by default, in Kafka's words; of an external cluster none is
   * assumed.
   */
  topicDefaults: Readonly<Record<string, string>>
  /** Addresses for organizations' own clients, and their protocol. */
  clientBrokers: string[]
  clientSecurityProtocol: KafkaSecurityProtocol
  clickhouseUrl: string
  adminKey: string
  secretKey: string
  previousSecretKey: string | undefined
  /** Fingerprints of the configured secret keys, and of those that the embedded broker's log depends on, if known. */
  keyIds: { given: string[]; expected: string[] | undefined; keep(keyIds: readonly string[]): void }
  /** Tables of ClickHouse. `keep` is called once they exist, so that a later start notices if they are gone. */
  tables: { wereMade: boolean; advice: string; keep(database: string): void }
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

/** A process with all of these starts the embedded backends; roles that came later do not matter. */
export const EMBEDDING = ['api', 'admit', 'deliver', 'record'] as const

export async function openBackends(deps: {
  config: Config
  clock: Clock
  random: Random
  progress: ProgressLogger
  onFatal(error: Error): void
  /** Cancels a start that is under way. */
  stop?: AbortSignal | undefined
}): Promise<Backends> {
  const { config } = deps
  const joins = EMBEDDING.some(role => !config.roles.includes(role))
  const embedded = { kafka: config.kafkaBrokers.length === 0, clickhouse: config.clickhouseUrl === undefined }
  const needsKeys = config.adminKey === undefined || config.secretKey === undefined
  const parts = { kafka: embedded.kafka && !joins, clickhouse: embedded.clickhouse && !joins }
  await preflight({ dataDir: config.dataDir, cacheDir: config.cacheDir, ...parts, keys: needsKeys }, deps.progress)
  const generated = needsKeys ? await loadOrCreateKeys(config.dataDir, deps.random) : undefined
  const secretKey = config.secretKey ?? generated!.secretKey
  const keyIds = keyIdsBeside(config, givenKeyIds(secretKey, config.secretKeyPrevious))
  deps.stop?.throwIfAborted()
  const [kafka, clickhouse] = await settled([
    config.kafkaBrokers.length > 0 ? clusterKafka(config) : embeddedKafka(deps, joins),
    config.clickhouseUrl
      ? { connection: config.clickhouseUrl, close: async () => undefined }
      : embeddedClickHouse(deps, joins),
  ])
  const close = async () => {
    await Promise.all([kafka.close(), clickhouse.close()])
  }
  const { clientBrokers, topicDefaults, ...settings } = kafka.connection
  return {
    kafka: settings,
    topicDefaults,
    clientBrokers,
    clientSecurityProtocol: config.kafkaClientSecurityProtocol ?? (embedded.kafka ? 'SASL_PLAINTEXT' : 'SASL_SSL'),
    clickhouseUrl: clickhouse.connection,
    adminKey: config.adminKey ?? generated!.adminKey,
    secretKey,
    previousSecretKey: usableKey(config.secretKeyPrevious),
    keyIds,
    tables: tablesBeside(config, parts.clickhouse),
    addresses: [...[...settings.brokers, ...clientBrokers].map(hostAndPort), addressOf(new URL(clickhouse.connection))],
    close,
  }
}

function tablesBeside({ dataDir }: Config, embedded: boolean): Backends['tables'] {
  if (!embedded) return { wereMade: false, advice: RESTORE, keep: () => undefined }
  const file = tablesFile(dataDir)
  const wereMade = readStored(file) !== undefined
  return {
    wereMade,
    advice: adviceFor('clickhouse/data/'),
    keep: database => wereMade || writePrivate(file.path, JSON.stringify({ database })),
  }
}

const RESTORE = 'Restore the database from a backup. To go on without its history, drop the database.'

/**
 * Stored beside the embedded broker's log. Throws before anything starts if the keys are not those that the log depends
 * on.
 */
function keyIdsBeside(config: Config, given: string[]): Backends['keyIds'] {
  const file = keyIdsFile(config.dataDir)
  if (config.kafkaBrokers.length > 0) return { given, expected: undefined, keep: () => undefined }
  const expected = readStored(file)
  checkKeyIds(expected ?? [], given)
  return {
    given,
    expected,
    keep(keyIds) {
      if (String(keyIds) !== String(expected)) writePrivate(file.path, JSON.stringify(keyIds))
    },
  }
}

/** Both or neither: when one cannot start, the other is stopped again. */
async function settled<A, B>([a, b]: [Part<A> | Promise<Part<A>>, Part<B> | Promise<Part<B>>]): Promise<
  [Part<A>, Part<B>]
> {
  const [first, second] = await Promise.allSettled([a, b])
  if (first.status === 'fulfilled' && second.status === 'fulfilled') return [first.value, second.value]
  if (first.status === 'fulfilled') await first.value.close()
  if (second.status === 'fulfilled') await second.value.close()
  throw first.status === 'rejected' ? first.reason : (second as PromiseRejectedResult).reason
}

type KafkaConnection = KafkaSettings & Pick<Backends, 'clientBrokers' | 'topicDefaults'>

function clusterKafka(config: Config): Part<KafkaConnection> {
  const {
    kafkaBrokers: brokers,
    kafkaUsername: username,
    kafkaPassword: password,
    kafkaSsl: ssl,
    kafkaClientBootstrap,
  } = config
  const { kafkaSaslMechanism: mechanism, kafkaOauth, kafkaTls } = config
  const tls = {
    ca: kafkaTls.ca && readPem('KAFKA_SSL_CA', kafkaTls.ca),
    cert: kafkaTls.cert && readPem('KAFKA_SSL_CERT', kafkaTls.cert),
    key: kafkaTls.key && readPem('KAFKA_SSL_KEY', kafkaTls.key),
  }
  const clientBrokers = kafkaClientBootstrap.length > 0 ? kafkaClientBootstrap : brokers
  const login =
    mechanism === 'oauthbearer'
      ? { mechanism, token: createTokenSource(kafkaOauth) }
      : { mechanism, username, password }
  return {
    connection: { brokers, ...login, ssl, tls, clientId: 'clarion', clientBrokers, topicDefaults: {} },
    close: async () => undefined,
  }
}

async function embeddedKafka(deps: Parameters<typeof openBackends>[0], joins: boolean): Promise<Part<KafkaConnection>> {
  const { dataDir, cacheDir, brokerHeapMb: heapMb, brokerProfile: profile } = deps.config
  const shown = ({
    brokers,
    clientBrokers,
    username,
    password,
  }: ReturnType<typeof joinEmbeddedKafka>): KafkaConnection => {
    return { brokers, clientBrokers, username, password, clientId: 'clarion', topicDefaults: TOPIC_DEFAULTS }
  }
  if (joins) return { connection: shown(joinEmbeddedKafka({ dataDir })), close: async () => undefined }
  return restarting<EmbeddedKafka, KafkaConnection>(
    'Kafka',
    deps,
    (onExit, stop) => startEmbeddedKafka({ dataDir, cacheDir, heapMb, profile, logger: deps.progress, onExit, stop }),
    shown,
  )
}

async function embeddedClickHouse(deps: Parameters<typeof openBackends>[0], joins: boolean): Promise<Part<string>> {
  const { dataDir } = deps.config
  if (joins) return { connection: joinEmbeddedClickHouse({ dataDir }).url, close: async () => undefined }
  return restarting(
    'ClickHouse',
    deps,
    (onExit, stop) => startEmbeddedClickHouse({ dataDir, logger: deps.progress, onExit, stop }),
    started => started.url,
  )
}

/** Keeps a child running: it restarts on the same ports, and its clients reconnect. */
async function restarting<S extends { close(): Promise<void> }, C>(
  what: string,
  deps: { clock: Clock; progress: ProgressLogger; onFatal(error: Error): void; stop?: AbortSignal | undefined },
  start: (onExit: (reason: string) => void, stop: AbortSignal) => Promise<S>,
  connectionOf: (started: S) => C,
): Promise<Part<C>> {
  let closing = false
  let attempts = 0
  // Closing does not wait for a child that is restarting.
  const stop = new AbortController()
  let current = await start(onExit, AbortSignal.any([stop.signal, ...(deps.stop ? [deps.stop] : [])]))
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
        if (!closing) current = await start(onExit, stop.signal)
        attempts = 0
        return
      } catch (error) {
        if (closing) return
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
      stop.abort(new Error(`${what} is closed`))
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
