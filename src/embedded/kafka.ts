/**
 * The broker for installations without a cluster: real Apache Kafka in a child process, with all its files below one
 * directory.
 *
 *     hold the directory → end an orphan → Java, jars, class archive → format once → choose ports → start → wait until it serves
 *
 * The broker outlives a platform that is killed; the next start ends it. Other processes of the same installation join
 * it.
 */
import { delimiter, join } from 'node:path'
import { unlessStopped } from '../process/stopping.ts'
import { brokerAnswers } from './broker-probe.ts'
import { logsRead, progressLog } from './broker-progress.ts'
import { superviseChild, withKeptPorts } from './child-service.ts'
import { adviceFor } from './data-files.ts'
import { fetchKafkaProgram, type KafkaProgram } from './kafka-jars.ts'
import { BROKER_LOG, type BrokerProfile, findJava, type Java, spawnBroker } from './kafka-java.ts'
import { hasStrays } from './kafka-log-check.ts'
import { type BrokerPorts, brokerSettings, PLATFORM_USER } from './kafka-settings.ts'
import { archiveClasses, formatStorage } from './kafka-storage.ts'
import { endOrphan, holdDirectory, type ProgressLogger, readChild } from './part-directory.ts'
import { writePrivate } from './stored-files.ts'

export interface KafkaConnection {
  /** host:port of the listener for the platform itself. */
  brokers: string[]
  /** host:port of the listener for organizations' own users. */
  clientBrokers: string[]
  /** SCRAM-SHA-512 on both; the platform's user is a super user. */
  username: string
  password: string
}

export interface EmbeddedKafka extends KafkaConnection {
  pid: number
  /** Stops the broker cleanly (at most 30 s, then by force) and releases the directory. */
  close(): Promise<void>
}

export interface EmbeddedKafkaOptions {
  dataDir: string
  /** Directory of the jars, which all data directories share. */
  cacheDir: string
  heapMb: number
  profile: BrokerProfile
  logger: ProgressLogger
  /** Called when the broker ends although nothing closed it, with the reason in a sentence. */
  onExit?: (reason: string) => void
  /** Cancels a start that is under way. */
  stop?: AbortSignal
}

/**
 * Starts the broker of this data directory. Waits for a platform that still drains there; throws one clear sentence if
 * it cannot start.
 */
export async function startEmbeddedKafka(options: EmbeddedKafkaOptions): Promise<EmbeddedKafka> {
  const { dataDir, cacheDir, profile, logger, stop } = options
  const directory = join(dataDir, 'kafka')
  const held = await holdDirectory(directory, logger, undefined, stop)
  try {
    await endOrphan(directory, 'a Kafka broker', logger)
    const java = await findJava()
    const program = await unlessStopped(fetchKafkaProgram({ cacheDir, logger }), stop)
    if (program.directory.includes(delimiter))
      throw new Error(
        `Java cannot load Kafka from ${program.directory}: '${delimiter}' ends a path in a class path. Set CLARION_CACHE_DIR to another place.`,
      )
    await archiveClasses(program, java, logger, stop)
    const password = await formatStorage(directory, profile, { program, java, logger, stop })
    stop?.throwIfAborted()
    const broker = await withKeptPorts(directory, 3, ([internal, clients, controller]) =>
      launch(
        { ...options, directory, java, program, password },
        { internal: internal!, clients: clients!, controller: controller! },
      ),
    )
    return { ...broker, close: () => broker.close().finally(held.release) }
  } catch (error) {
    held.release()
    throw error
  }
}

/** The connection to the broker of another process of this installation. Throws if none is running. */
export function joinEmbeddedKafka({ dataDir }: { dataDir: string }): KafkaConnection {
  const child = readChild<KafkaConnection>(join(dataDir, 'kafka'))
  if (!child)
    throw new Error(`No broker is running in ${dataDir} to join: start the platform there first, or set KAFKA_BROKERS.`)
  return child.connection
}

type Launch = EmbeddedKafkaOptions & { directory: string; java: Java; program: KafkaProgram; password: string }

async function launch(options: Launch, ports: BrokerPorts): Promise<EmbeddedKafka> {
  const { directory, password, onExit, logger, stop } = options
  writePrivate(join(directory, 'server.properties'), brokerSettings('data', ports, password))
  const logPath = join(directory, BROKER_LOG)
  const connection: KafkaConnection = {
    brokers: [`127.0.0.1:${ports.internal}`],
    clientBrokers: [`127.0.0.1:${ports.clients}`],
    username: PLATFORM_USER,
    password,
  }
  const data = join(directory, 'data')
  const { pid, close } = await superviseChild(spawnBroker(options), {
    what: 'The Kafka broker',
    directory,
    logPaths: [logPath, `${logPath}.out`],
    reads: { data, advice: adviceFor('kafka/data/') },
    connection,
    answers: async () => (await brokerAnswers(ports.internal)) && (await brokerAnswers(ports.clients)),
    howFar: () => logsRead(progressLog(logPath)),
    onExit,
    logger,
    stop,
  })
  if (hasStrays(data)) {
    await close()
    throw new Error(
      `Kafka does not know the topics in ${data} as its own and has set them aside (…-stray), to delete them; it was stopped before it did. ${adviceFor('kafka/data/')}`,
    )
  }
  return { ...connection, pid, close }
}
