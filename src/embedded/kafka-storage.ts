/** One-time preparations: the formatted storage of a data directory, and the class archive of a machine. */
import { randomBytes, randomUUID } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { brokerAnswers } from './broker-probe.ts'
import { adviceFor } from './data-files.ts'
import { chooseFreePorts } from './free-ports.ts'
import type { KafkaProgram } from './kafka-jars.ts'
import { archivePath, type BrokerProfile, type Java, runKafkaTool, spawnBroker } from './kafka-java.ts'
import { type BrokerPorts, brokerSettings, PLATFORM_USER } from './kafka-settings.ts'
import { holdDirectory, type ProgressLogger } from './part-directory.ts'
import { endProcess, identifyProcess } from './process-identity.ts'
import {
  entriesOf,
  isRecord,
  pathExists,
  readStored,
  type StoredFile,
  syncDirectory,
  writePrivate,
} from './stored-files.ts'

const ARCHIVE_MS = 60_000

interface Password {
  password: string
}

/** Written when the storage is completely formatted: a directory without it has no log. */
export const kafkaCredentials = (directory: string): StoredFile<Password> => ({
  path: join(directory, 'credentials.json'),
  advice: adviceFor('kafka/credentials.json'),
  holds: (value): value is Password => isRecord(value) && typeof value.password === 'string' && value.password !== '',
})

/** Storage that was formatted, and not yet moved to its place, when the process was killed. */
export const formattedDraft = (directory: string): boolean =>
  pathExists(join(draftOf(directory), 'data', 'meta.properties'))

const draftOf = (directory: string): string => join(directory, 'formatting')

export interface Formatting {
  program: KafkaProgram
  java: Java
  logger: ProgressLogger
  stop?: AbortSignal | undefined
}

/**
 * Formats the storage below `directory` if it is not formatted yet, with a generated password for the platform's user,
 * and returns the password. Formatting happens beside the final place of the log, never in it. Brokers for tests are
 * copied from one formatted template, which saves them a second.
 */
export async function formatStorage(
  directory: string,
  profile: BrokerProfile,
  formatting: Formatting,
): Promise<string> {
  const credentials = kafkaCredentials(directory)
  if (!pathExists(credentials.path)) {
    if (entriesOf(join(directory, 'data')).length > 0)
      throw new Error(
        `${credentials.path} is missing, though there is a log in ${join(directory, 'data')}. ${credentials.advice}`,
      )
    formatting.logger.info('formatting the storage of the Kafka broker …')
    if (profile === 'test') await copyTemplate(directory, formatting)
    else await format(directory, formatting)
  }
  putInPlace(directory)
  return readStored(credentials)!.password
}

/** The last step of formatting, also after a process that was killed before it. */
function putInPlace(directory: string): void {
  const draft = draftOf(directory)
  const place = join(directory, 'data')
  if (entriesOf(place).length === 0 && formattedDraft(directory)) {
    renameSync(join(draft, 'data'), place)
    syncDirectory(directory)
  }
  rmSync(draft, { recursive: true, force: true })
}

/** Below `formatting/`; the password beside the place of the log is written last. */
async function format(directory: string, { program, java, stop }: Formatting): Promise<void> {
  const password = randomBytes(24).toString('base64url')
  const draft = draftOf(directory)
  const ports: BrokerPorts = { internal: 1, clients: 2, controller: 3 } // unused while formatting
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(join(draft, 'data'), { recursive: true })
  writePrivate(join(draft, 'format.properties'), brokerSettings('data', ports, password))
  const clusterId = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url').replace(/^-/, 'A') // biome-ignore format: one thought
  const user = `SCRAM-SHA-512=[name=${PLATFORM_USER},password=${password}]`
  const args = ['format', '-t', clusterId, '-c', 'format.properties', '--add-scram', user]
  await runKafkaTool({ program, java, directory: draft, stop }, 'kafka.tools.StorageTool', args)
  writePrivate(kafkaCredentials(directory).path, JSON.stringify({ password }))
}

async function copyTemplate(directory: string, formatting: Formatting): Promise<void> {
  const template = join(formatting.program.directory, 'test-template')
  const isMade = () => pathExists(kafkaCredentials(template).path) && pathExists(join(template, 'data'))
  if (!isMade()) {
    const held = await holdDirectory(template, formatting.logger, undefined, formatting.stop)
    try {
      if (!isMade()) await format(template, formatting)
      putInPlace(template)
    } finally {
      held.release()
    }
  }
  const draft = draftOf(directory)
  rmSync(draft, { recursive: true, force: true })
  cpSync(join(template, 'data'), join(draft, 'data'), { recursive: true })
  writePrivate(kafkaCredentials(directory).path, JSON.stringify(readStored(kafkaCredentials(template))))
}

/**
 * Creates the class archive if this machine has none: a scratch broker starts, and writes the classes that it loaded
 * when it ends. Never throws: a failure costs start-up time only, and an empty archive prevents an attempt at every
 * start.
 */
export async function archiveClasses(
  program: KafkaProgram,
  java: Java,
  logger: ProgressLogger,
  stop?: AbortSignal,
): Promise<void> {
  const path = archivePath(program, java)
  if (existsSync(path)) return
  const held = await holdDirectory(join(program.directory, 'archiving'), logger, undefined, stop).catch(() => undefined)
  if (!held) return
  try {
    if (existsSync(path)) return
    logger.info('preparing a class archive, so that Kafka starts faster from now on …')
    await archiveFromScratchBroker(path, { program, java, logger, stop })
  } catch (error) {
    if (stop?.aborted) return
    logger.warn(`no class archive, Kafka will start a little slower: ${(error as Error).message}`)
    writeFileSync(path, '')
  } finally {
    held.release()
  }
}

async function archiveFromScratchBroker(path: string, formatting: Formatting): Promise<void> {
  const { program, java, stop } = formatting
  const scratch = mkdtempSync(join(program.directory, 'scratch-'))
  try {
    const password = await formatStorage(scratch, 'default', {
      ...formatting,
      logger: { info: () => {}, warn: () => {} },
    })
    const [internal, clients, controller] = (await chooseFreePorts(3)) as [number, number, number]
    writePrivate(
      join(scratch, 'server.properties'),
      brokerSettings('data', { internal, clients, controller }, password),
    )
    const draft = join(scratch, 'classes.jsa')
    const child = spawnBroker({ program, java, directory: scratch, heapMb: 256, profile: 'default', archiveTo: draft })
    const identity = identifyProcess(child.pid!)
    if (!identity) throw new Error('the scratch broker did not start')
    const deadline = performance.now() + ARCHIVE_MS
    while (child.exitCode === null && !stop?.aborted && performance.now() < deadline && !(await brokerAnswers(clients)))
      await pause(50)
    await endProcess(identity, stop?.aborted ? 0 : ARCHIVE_MS)
    stop?.throwIfAborted()
    renameSync(draft, path)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
