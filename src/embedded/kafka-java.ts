/**
 * How the broker's Java programs are run: flags by profile, and a class archive that saves the machine from reading and verifying some
 * 7,000 classes at each start. The archive is an optimisation only: without it everything works, more slowly.
 */
import { execFile, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { KafkaProgram } from './kafka-jars.ts'
import { GIVING_WAY } from './priority.ts'

const JAVA_MIN = 17
const TOOL_MS = 60_000
const run = promisify(execFile)

export type BrokerProfile = 'default' | 'test'

export interface Java {
  /** For the name of the class archive: it fits one build of Java only. */
  build: string
}

/** The machine's Java. Throws one clear sentence if it is missing or too old. */
export async function findJava(): Promise<Java> {
  const advice = `install Java ${JAVA_MIN} or newer (for example \`apt install openjdk-17-jre-headless\` or \`brew install openjdk\`), or set KAFKA_BROKERS.`
  const answer = await run('java', ['-XshowSettings:properties', '-version']).catch(() => undefined)
  if (!answer) throw new Error(`Java is missing: ${advice}`)
  const property = (name: string) => answer.stderr.match(new RegExp(`${name.replaceAll('.', '\\.')} = (.*)`))?.[1] ?? 'unknown'
  const version = Number.parseInt(property('java.specification.version'), 10)
  if (version < JAVA_MIN) throw new Error(`Java ${version} is too old: ${advice}`)
  return { build: `${property('java.vm.version')}-${property('os.arch')}`.replaceAll(/[^\w.-]/g, '_') }
}

export function archivePath(program: KafkaProgram, java: Java): string {
  return join(program.directory, `classes-${java.build}.jsa`)
}

/** Runs one of Kafka's command line tools to its end. */
export async function runKafkaTool(program: KafkaProgram, java: Java, mainClass: string, args: string[]): Promise<void> {
  const flags = [...archiveFlags(program, java), '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx128m']
  try {
    await run('java', [...flags, '-cp', program.classpath, mainClass, ...args], { timeout: TOOL_MS })
  } catch (error) {
    const { stderr, stdout } = error as { stderr?: string; stdout?: string }
    throw new Error(`${mainClass} failed: ${(stderr || stdout || String(error)).trim().slice(0, 2_000)}`)
  }
}

export interface BrokerRun {
  program: KafkaProgram
  java: Java
  settingsPath: string
  /** Where the broker writes its log; what it prints goes beside it. */
  logPath: string
  heapMb: number
  profile: BrokerProfile
  /** Write a class archive there when the broker ends. */
  archiveTo?: string
}

/** Starts a broker in a process group of its own: a terminal's Ctrl-C must not reach it before the platform has drained. */
export function spawnBroker(options: BrokerRun) {
  const printed = openSync(`${options.logPath}.out`, 'a', 0o600)
  const child = spawn('java', brokerArguments(options), { detached: true, stdio: ['ignore', printed, printed] })
  closeSync(printed)
  child.unref()
  return child
}

function brokerArguments({ program, java, settingsPath, logPath, heapMb, profile, archiveTo }: BrokerRun): string[] {
  const collector =
    profile === 'test'
      ? ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
      : ['-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', '-XX:InitiatingHeapOccupancyPercent=35', '-XX:MaxInlineLevel=15']
  return [
    '-server',
    ...collector,
    // It compiles for some 20 s of CPU in the first minute under load: beside the requests, not before them.
    '-XX:ThreadPriorityPolicy=1',
    `-XX:CompilerThreadPriority=${GIVING_WAY}`,
    `-Xms${profile === 'test' ? Math.min(64, heapMb) : heapMb}m`,
    `-Xmx${heapMb}m`,
    '-XX:+ExitOnOutOfMemoryError',
    ...(archiveTo ? [`-XX:ArchiveClassesAtExit=${archiveTo}`] : archiveFlags(program, java)),
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${new URL('log4j2.properties', import.meta.url)}`,
    `-Dclarion.broker.log=${logPath}`,
    '-cp',
    program.classpath,
    'kafka.Kafka',
    settingsPath,
  ]
}

function archiveFlags(program: KafkaProgram, java: Java): string[] {
  const path = archivePath(program, java)
  return existsSync(path) ? [`-XX:SharedArchiveFile=${path}`, '-Xshare:auto', '-Xlog:cds=off', '-Xlog:cds+dynamic=off'] : []
}
