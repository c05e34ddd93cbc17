/**
 * Where the broker's program comes from: `pom.xml` names it, Maven fetches it, `kafka-jars.sha256` says byte for byte what must arrive. All data
 * directories of a user share one copy, named after its checksums, that appears complete or not at all.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { holdDirectory, type ProgressLogger } from './part-directory.ts'

export const KAFKA_VERSION = '4.3.1'
const MAVEN_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
const FETCH_MS = 600_000
const run = promisify(execFile)

export interface KafkaProgram {
  /** Shared by all data directories: `lib/`, class archives, formatted templates. */
  directory: string
  /** Every jar, in an order that never changes (a class archive depends on it). */
  classpath: string
}

/** The broker's jars, fetched with Maven if they are not there yet. Safe if several processes do it at once. Throws one clear sentence. */
export async function fetchKafkaProgram(logger: ProgressLogger): Promise<KafkaProgram> {
  const checksums = readFileSync(new URL('kafka-jars.sha256', import.meta.url), 'utf8')
  const directory = join(homedir(), '.cache', 'clarion', `kafka-${KAFKA_VERSION}-${sha256(checksums).slice(0, 12)}`)
  const lib = join(directory, 'lib')
  if (!existsSync(lib)) {
    const held = await holdDirectory(directory, logger, FETCH_MS)
    try {
      if (!existsSync(lib)) await fetchJars(lib, checksums, logger)
    } finally {
      held.release()
    }
  }
  const names = checksums.trim().split('\n').map(line => line.split(/\s+/)[1]!) // biome-ignore format: one thought
  return { directory, classpath: names.map(name => join(lib, name)).join(':') }
}

async function fetchJars(lib: string, checksums: string, logger: ProgressLogger) {
  logger.info(`fetching Apache Kafka ${KAFKA_VERSION} (45 MB) with Maven, once for this machine …`)
  const draft = `${lib}.draft`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft)
  const pom = fileURLToPath(new URL('pom.xml', import.meta.url))
  try {
    await run('mvn', ['-B', '-q', '-f', pom, MAVEN_PLUGIN, `-DoutputDirectory=${draft}`, '-DincludeScope=runtime'], { timeout: FETCH_MS })
  } catch (error) {
    throw new Error(mavenProblem(error as NodeJS.ErrnoException & { stdout?: string }))
  }
  verifyJars(draft, checksums)
  renameSync(draft, lib)
}

/** Throws unless the directory holds exactly the jars of the list. */
export function verifyJars(directory: string, checksums: string) {
  const found = readdirSync(directory).sort().map(name => `${sha256(readFileSync(join(directory, name)))}  ${name}`) // biome-ignore format: one thought
  const expected = new Set(checksums.trim().split('\n'))
  const wrong = [...found.filter(line => !expected.delete(line)), ...expected].map(line => line.split(/\s+/)[1])
  if (wrong.length > 0) throw new Error(`Kafka's jars are not the ones that were pinned: ${[...new Set(wrong)].join(', ')}`)
}

function mavenProblem(error: NodeJS.ErrnoException & { stdout?: string }): string {
  if (error.code === 'ENOENT')
    return 'Maven is missing: install it (for example `apt install maven` or `brew install maven`), or set KAFKA_BROKERS.'
  const said = (error.stdout ?? '').split('\n').find(line => line.includes('[ERROR]')) ?? error.message
  return `Maven could not fetch Kafka: ${said}`
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}
