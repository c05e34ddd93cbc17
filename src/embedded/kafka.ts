/**
 * The broker that starts when no cluster is configured: real Apache Kafka in a process of its own, with everything it needs below one directory.
 *
 *     hold the directory → end an orphan → jars, Java, class archive → format once → choose ports → start → wait until it serves
 *
 * The broker outlives a platform that is killed; the next start ends it. Other processes of the same installation join it.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { brokerAnswers } from './broker-probe.ts'
import { chooseFreePorts, isFree } from './free-ports.ts'
import { fetchKafkaProgram, type KafkaProgram } from './kafka-jars.ts'
import { type BrokerProfile, findJava, type Java, spawnBroker } from './kafka-java.ts'
import { type BrokerPorts, brokerSettings, PLATFORM_USER } from './kafka-settings.ts'
import { archiveClasses, formatStorage } from './kafka-storage.ts'
import {
  endOrphan,
  forgetChild,
  holdDirectory,
  type ProgressLogger,
  readChild,
  readJson,
  recordChild,
  writePrivate,
} from './part-directory.ts'
import { endProcess } from './process-identity.ts'

const START_MS = 60_000
const STOP_MS = 30_000
/** A port can be taken between choosing it and listening on it. */
const PORT_TRIES = 3

export interface KafkaConnection {
  /** host:port of the listener for the platform itself. */
  brokers: string[]
  /** host:port of the listener for organizations' own users. */
  clientBrokers: string[]
  /** SCRAM-SHA-512 on both; the platform's user may do everything. */
  username: string
  password: string
}

export interface EmbeddedKafka extends KafkaConnection {
  pid: number
  /** Stops the broker cleanly (at most 30 s, then by force) and gives the directory back. */
  close(): Promise<void>
}

export interface EmbeddedKafkaOptions {
  dataDir: string
  heapMb: number
  profile: BrokerProfile
  logger: ProgressLogger
  /** The broker ended although nobody closed it; the sentence says how. */
  onExit?: (reason: string) => void
}

/** Starts the broker of this data directory. Waits for a platform that still drains there; throws one clear sentence if it cannot start. */
export async function startEmbeddedKafka(options: EmbeddedKafkaOptions): Promise<EmbeddedKafka> {
  const { dataDir, profile, logger } = options
  const directory = join(dataDir, 'kafka')
  const held = await holdDirectory(directory, logger)
  try {
    await endOrphan(directory, 'a Kafka broker', logger)
    const java = await findJava()
    const program = await fetchKafkaProgram(logger)
    await archiveClasses(program, java, logger)
    const password = await formatStorage(directory, program, java, profile, logger)
    return await launch({ ...options, directory, program, java, password, release: held.release })
  } catch (error) {
    held.release()
    throw error
  }
}

/** The connection to the broker that another process of this installation has started. Throws if none is running. */
export function joinEmbeddedKafka({ dataDir }: { dataDir: string }): KafkaConnection {
  const child = readChild<KafkaConnection>(join(dataDir, 'kafka'))
  if (!child) throw new Error(`No broker is running in ${dataDir} to join: start the platform there first, or set KAFKA_BROKERS.`)
  return child.connection
}

interface Launch extends EmbeddedKafkaOptions {
  directory: string
  program: KafkaProgram
  java: Java
  password: string
  release(): void
}

async function launch(options: Launch): Promise<EmbeddedKafka> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launchOnce(options, await portsOf(options.directory, attempt > 1))
    } catch (error) {
      const taken = /Address already in use|BindException/.test((error as Error).message)
      if (!taken || attempt === PORT_TRIES) throw error
    }
  }
}

async function launchOnce(options: Launch, ports: BrokerPorts): Promise<EmbeddedKafka> {
  const { directory, password, release, onExit } = options
  const settingsPath = join(directory, 'server.properties')
  writePrivate(settingsPath, brokerSettings(join(directory, 'data'), ports, password))
  mkdirSync(join(directory, 'logs'), { recursive: true })
  const logPath = join(directory, 'logs', 'broker.log')
  const child = spawnBroker({ ...options, settingsPath, logPath })
  const connection: KafkaConnection = {
    brokers: [`127.0.0.1:${ports.internal}`],
    clientBrokers: [`127.0.0.1:${ports.clients}`],
    username: PLATFORM_USER,
    password,
  }
  const identity = recordChild(directory, child.pid!, connection)
  let ended: string | undefined
  let expected = true
  child.once('exit', (code, signal) => {
    ended = `The Kafka broker ended with ${signal ?? `code ${code}`}; its log is ${logPath}`
    forgetChild(directory)
    if (!expected) onExit?.(ended)
  })
  const close = async () => {
    expected = true
    await endProcess(identity, STOP_MS)
    forgetChild(directory)
    release()
  }
  const deadline = performance.now() + START_MS
  while (!((await brokerAnswers(ports.internal)) && (await brokerAnswers(ports.clients)))) {
    if (ended) throw new Error(`${ended}\n${tail(logPath)}`)
    if (performance.now() > deadline) {
      await endProcess(identity, STOP_MS)
      throw new Error(`The Kafka broker did not start within ${START_MS / 1000} s; its log is ${logPath}\n${tail(logPath)}`)
    }
    await pause(25)
  }
  expected = false
  return { ...connection, pid: identity.pid, close }
}

/** The ports of the last start, so that organizations' producers find the broker again; others where one of them is taken. */
async function portsOf(directory: string, anew: boolean): Promise<BrokerPorts> {
  const path = join(directory, 'ports.json')
  const known = anew ? undefined : readJson<BrokerPorts>(path)
  if (known && (await Promise.all(Object.values(known).map(isFree))).every(Boolean)) return known
  const [internal, clients, controller] = (await chooseFreePorts(3)) as [number, number, number]
  const ports = { internal, clients, controller }
  writePrivate(path, JSON.stringify(ports))
  return ports
}

function tail(logPath: string): string {
  const lines = [logPath, `${logPath}.out`].flatMap(path => {
    try {
      return readFileSync(path, 'utf8').trim().split('\n').slice(-15)
    } catch {
      return []
    }
  })
  return lines.join('\n')
}
