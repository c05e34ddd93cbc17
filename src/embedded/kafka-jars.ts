/**
 * The broker's program: `pom.xml` names it, Maven downloads it, and `kafka-jars.sha256` contains the checksum of every
 * file. All data directories of a user share one copy, named after its checksums, that appears complete or not at all.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fetchJars } from './maven.ts'
import { holdDirectory, type ProgressLogger } from './part-directory.ts'

export const KAFKA_VERSION = '4.3.1'
const FETCH_MS = 600_000

export interface KafkaProgram {
  /** Shared by all data directories: `lib/`, class archives, formatted templates. */
  directory: string
  /** Every jar, in a fixed order (a class archive depends on it). */
  classpath: string
}

/**
 * The broker's jars below `cacheDir`, downloaded with Maven if they are missing. Safe if several processes do it at
 * once. Throws one clear sentence.
 */
export async function fetchKafkaProgram({
  cacheDir,
  logger,
}: {
  cacheDir: string
  logger: ProgressLogger
}): Promise<KafkaProgram> {
  const checksums = readFileSync(new URL('kafka-jars.sha256', import.meta.url), 'utf8')
  const directory = join(cacheDir, `kafka-${KAFKA_VERSION}-${sha256(checksums).slice(0, 12)}`)
  const lib = join(directory, 'lib')
  if (!existsSync(lib)) {
    const held = await holdDirectory(directory, logger, FETCH_MS)
    try {
      if (!existsSync(lib)) await fetchInto(lib, checksums, logger)
    } finally {
      held.release()
    }
  }
  return {
    directory,
    classpath: namesIn(checksums)
      .map(name => join(lib, name))
      .join(':'),
  }
}

async function fetchInto(lib: string, checksums: string, logger: ProgressLogger) {
  logger.info(`fetching Apache Kafka ${KAFKA_VERSION} (45 MB) with Maven, once for this user …`)
  const startedMs = performance.now()
  const draft = `${lib}.draft`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft)
  await fetchJars({
    pom: fileURLToPath(new URL('pom.xml', import.meta.url)),
    directory: draft,
    jars: namesIn(checksums),
    logger,
  })
  verifyJars(draft, checksums)
  renameSync(draft, lib)
  logger.info(`Apache Kafka is here, ${Math.round((performance.now() - startedMs) / 1000)} s`)
}

const namesIn = (checksums: string): string[] => checksums.trim().split('\n').map(line => line.split(/\s+/)[1]!) // biome-ignore format: one thought

/** Throws unless the directory contains exactly the jars of the list. */
export function verifyJars(directory: string, checksums: string) {
  const found = readdirSync(directory).sort().map(name => `${sha256(readFileSync(join(directory, name)))}  ${name}`) // biome-ignore format: one thought
  const expected = new Set(checksums.trim().split('\n'))
  const wrong = [...found.filter(line => !expected.delete(line)), ...expected].map(line => line.split(/\s+/)[1])
  if (wrong.length > 0)
    throw new Error(`Kafka's jars are not the ones that were pinned: ${[...new Set(wrong)].join(', ')}`)
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}
