/** What is done once and kept: the formatted storage of a data directory, and the class archive of a machine. */
import { randomBytes, randomUUID } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { brokerAnswers } from './broker-probe.ts'
import { chooseFreePorts } from './free-ports.ts'
import type { KafkaProgram } from './kafka-jars.ts'
import { archivePath, type BrokerProfile, type Java, runKafkaTool, spawnBroker } from './kafka-java.ts'
import { type BrokerPorts, brokerSettings, PLATFORM_USER } from './kafka-settings.ts'
import { holdDirectory, type ProgressLogger, readJson, writePrivate } from './part-directory.ts'
import { endProcess, identifyProcess } from './process-identity.ts'

const ARCHIVE_MS = 60_000

/**
 * Formats the storage below `directory` if it is not formatted yet, with a generated password for the platform's user, and answers the password.
 * Brokers for tests are copied from one formatted template, which saves them a second each.
 */
export async function formatStorage(
  directory: string,
  program: KafkaProgram,
  java: Java,
  profile: BrokerProfile,
  logger: ProgressLogger,
): Promise<string> {
  const formatted = readPassword(directory)
  if (formatted) return formatted
  logger.info('formatting the storage of the Kafka broker …')
  if (profile === 'test') await copyTemplate(directory, program, java, logger)
  else await format(directory, program, java)
  return readPassword(directory)!
}

/** The password is written last: a directory that has one is completely formatted. */
function readPassword(directory: string): string | undefined {
  return readJson<{ password: string }>(join(directory, 'credentials.json'))?.password
}

async function format(directory: string, program: KafkaProgram, java: Java) {
  const password = randomBytes(24).toString('base64url')
  const dataPath = join(directory, 'data')
  const settingsPath = join(directory, 'format.properties')
  const ports: BrokerPorts = { internal: 1, clients: 2, controller: 3 } // not looked at while formatting
  rmSync(dataPath, { recursive: true, force: true })
  mkdirSync(dataPath, { recursive: true })
  writePrivate(settingsPath, brokerSettings(dataPath, ports, password))
  const clusterId = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url').replace(/^-/, 'A') // biome-ignore format: one thought
  const user = `SCRAM-SHA-512=[name=${PLATFORM_USER},password=${password}]`
  await runKafkaTool(program, java, 'kafka.tools.StorageTool', ['format', '-t', clusterId, '-c', settingsPath, '--add-scram', user])
  rmSync(settingsPath)
  writePrivate(join(directory, 'credentials.json'), JSON.stringify({ password }))
}

async function copyTemplate(directory: string, program: KafkaProgram, java: Java, logger: ProgressLogger) {
  const template = join(program.directory, 'test-template')
  if (!readPassword(template)) {
    const held = await holdDirectory(template, logger)
    try {
      if (!readPassword(template)) await format(template, program, java)
    } finally {
      held.release()
    }
  }
  rmSync(join(directory, 'data'), { recursive: true, force: true })
  cpSync(join(template, 'data'), join(directory, 'data'), { recursive: true })
  cpSync(join(template, 'credentials.json'), join(directory, 'credentials.json'))
}

/**
 * Makes the class archive if this machine has none: a scratch broker starts, and writes down what it loaded as it ends. Never throws: whatever
 * goes wrong costs start-up time only, and an empty archive keeps it from being tried at every start.
 */
export async function archiveClasses(program: KafkaProgram, java: Java, logger: ProgressLogger): Promise<void> {
  const path = archivePath(program, java)
  if (existsSync(path)) return
  const held = await holdDirectory(join(program.directory, 'archiving'), logger).catch(() => undefined)
  if (!held) return
  try {
    if (existsSync(path)) return
    logger.info('preparing a class archive, so that Kafka starts faster from now on …')
    await archiveFromScratchBroker(path, program, java)
  } catch (error) {
    logger.warn(`no class archive, Kafka will start a little slower: ${(error as Error).message}`)
    writeFileSync(path, '')
  } finally {
    held.release()
  }
}

async function archiveFromScratchBroker(path: string, program: KafkaProgram, java: Java) {
  const scratch = mkdtempSync(join(program.directory, 'scratch-'))
  try {
    await format(scratch, program, java)
    const [internal, clients, controller] = (await chooseFreePorts(3)) as [number, number, number]
    const settingsPath = join(scratch, 'server.properties')
    writePrivate(settingsPath, brokerSettings(join(scratch, 'data'), { internal, clients, controller }, readPassword(scratch)!))
    const draft = join(scratch, 'classes.jsa')
    const logPath = join(scratch, 'broker.log')
    const child = spawnBroker({ program, java, settingsPath, logPath, heapMb: 256, profile: 'default', archiveTo: draft })
    const identity = identifyProcess(child.pid!)
    if (!identity) throw new Error('the scratch broker did not start')
    const deadline = performance.now() + ARCHIVE_MS
    while (child.exitCode === null && performance.now() < deadline && !(await brokerAnswers(clients))) await pause(50)
    await endProcess(identity, ARCHIVE_MS)
    renameSync(draft, path)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
