/**
 * Runs the broker's Java programs: flags by profile, and a class archive that saves the loading and verifying of some
 * 7,000 classes at each start. The archive is only an optimisation: without it everything works, more slowly.
 */
import { execFile, type StdioOptions, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { KafkaProgram } from './kafka-jars.ts'
import { LOW_PRIORITY } from './priority.ts'

const JAVA_MIN = 17
const TOOL_MS = 60_000
const run = promisify(execFile)

export type BrokerProfile = 'default' | 'test'

export interface Java {
  /** Part of the class archive's name: an archive fits one build of Java only. */
  build: string
}

let found: Promise<Java> | undefined

/** The machine's Java. Throws one clear sentence if it is missing, does not run or is too old. */
export function findJava(): Promise<Java> {
  found ??= lookForJava()
  found.catch(() => {
    found = undefined // it may be installed before the next look-up
  })
  return found
}

async function lookForJava(): Promise<Java> {
  const advice = `install Java ${JAVA_MIN} or newer (for example \`apt install openjdk-17-jre-headless\` or \`brew install openjdk\`), or set KAFKA_BROKERS.`
  const answer = await run('java', ['-XshowSettings:properties', '-version'], { timeout: TOOL_MS }).catch(
    (error: Error) => error,
  )
  if (answer instanceof Error) throw new Error(`${javaProblem(answer)}: ${advice}`)
  const property = (name: string) =>
    answer.stderr.match(new RegExp(`${name.replaceAll('.', '\\.')} = (.*)`))?.[1] ?? 'unknown'
  const version = Number.parseInt(property('java.specification.version'), 10)
  if (version < JAVA_MIN) throw new Error(`Java ${version} is too old: ${advice}`)
  return { build: `${property('java.vm.version')}-${property('os.arch')}`.replaceAll(/[^\w.-]/g, '_') }
}

/** macOS has a program of this name that only prints where to get Java. */
function javaProblem(error: NodeJS.ErrnoException & { stderr?: string }): string {
  if (error.code === 'ENOENT') return 'Java is missing'
  const reason = error.stderr?.trim().split('\n')[0]
  return `Java does not run (${reason || error.message})`
}

export function archivePath(program: KafkaProgram, java: Java): string {
  return join(program.directory, `classes-${java.build}.jsa`)
}

/** Its working directory: names in its settings and arguments are relative to it. */
export interface ToolRun {
  program: KafkaProgram
  java: Java
  directory: string
  stop?: AbortSignal | undefined
}

/** Runs one of Kafka's command line tools to its end, or until it is stopped. */
export async function runKafkaTool(
  { program, java, directory, stop }: ToolRun,
  mainClass: string,
  args: string[],
): Promise<void> {
  const flags = [...archiveFlags(program, java), '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx128m']
  const options = {
    cwd: directory,
    env: javaEnvironment(),
    timeout: TOOL_MS,
    killSignal: 'SIGKILL',
    signal: stop,
  } as const
  try {
    await run('java', [...flags, '-cp', program.classpath, mainClass, ...args], options)
  } catch (error) {
    stop?.throwIfAborted()
    const { stderr, stdout } = error as { stderr?: string; stdout?: string }
    throw new Error(`${mainClass} failed: ${(stderr || stdout || String(error)).trim().slice(0, 2_000)}`)
  }
}

/**
 * With the locale C, Java cannot open a file whose name has letters beyond ASCII, and the path to its working directory
 * may have some.
 */
const javaEnvironment = (): NodeJS.ProcessEnv =>
  process.platform === 'linux' ? { ...process.env, LC_ALL: 'C.UTF-8' } : process.env

export interface BrokerRun extends Omit<ToolRun, 'stop'> {
  heapMb: number
  profile: BrokerProfile
  /** Path of a class archive to write when the broker ends. */
  archiveTo?: string
}

/** The broker's log, relative to its directory; its output goes beside it. */
export const BROKER_LOG = 'logs/broker.log'

/**
 * Starts a broker with the `server.properties` of its directory, in a process group of its own: a terminal's Ctrl-C
 * must not reach it before the platform has drained.
 */
export function spawnBroker(options: BrokerRun) {
  const { directory } = options
  mkdirSync(join(directory, 'logs'), { recursive: true })
  const printed = openSync(join(directory, `${BROKER_LOG}.out`), 'a', 0o600)
  const stdio: StdioOptions = ['ignore', printed, printed]
  const child = spawn('java', brokerArguments(options), {
    cwd: directory,
    env: javaEnvironment(),
    detached: true,
    stdio,
  })
  closeSync(printed)
  child.unref()
  return child
}

function brokerArguments({ program, java, heapMb, profile, archiveTo }: BrokerRun): string[] {
  const collector =
    profile === 'test'
      ? ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
      : ['-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', '-XX:InitiatingHeapOccupancyPercent=35', '-XX:MaxInlineLevel=15']
  return [
    '-server',
    ...collector,
    // The JIT compiler takes some 20 s of CPU in the first minute under load: a lower priority keeps it behind the
    // requests.
    '-XX:ThreadPriorityPolicy=1',
    `-XX:CompilerThreadPriority=${LOW_PRIORITY}`,
    `-Xms${profile === 'test' ? Math.min(64, heapMb) : heapMb}m`,
    `-Xmx${heapMb}m`,
    '-XX:+ExitOnOutOfMemoryError',
    ...(archiveTo ? [`-XX:ArchiveClassesAtExit=${archiveTo}`] : archiveFlags(program, java)),
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${new URL('log4j2.properties', import.meta.url)}`,
    `-Dclarion.broker.log=${BROKER_LOG}`,
    '-cp',
    program.classpath,
    'kafka.Kafka',
    'server.properties',
  ]
}

function archiveFlags(program: KafkaProgram, java: Java): string[] {
  const path = archivePath(program, java)
  return existsSync(path)
    ? [`-XX:SharedArchiveFile=${path}`, '-Xshare:auto', '-Xlog:cds=off', '-Xlog:cds+dynamic=off']
    : []
}
