/**
 * Downloads the jars of a POM with Maven, shows its progress, and turns its failures into a sentence with the remedy.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { ProgressLogger } from './part-directory.ts'

const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
const FETCH_MS = 600_000
const PROGRESS_MS = 5_000
/** `[INFO] Downloaded from central: https://…/kafka_2.13-4.3.1.jar (9.1 MB at 40 MB/s)` */
const DOWNLOADED = /Downloaded from \S+: \S+\/([^/\s]+) \(([\d.]+) (B|kB|MB)/
const UNIT_BYTES = { B: 1, kB: 1e3, MB: 1e6 } as const

export interface MavenFetch {
  pom: string
  /** The directory for the jars. */
  directory: string
  /** File names of the expected jars, for the progress; empty when they are unknown. */
  jars: readonly string[]
  logger: ProgressLogger
}

/**
 * Copies the POM's runtime dependencies into the directory. Maven's own settings apply: `~/.m2/settings.xml` for
 * mirrors and proxies, `MAVEN_OPTS` with `-Dmaven.repo.local=…` for another local repository. Throws one clear
 * sentence.
 */
export async function fetchJars({ pom, directory, jars, logger }: MavenFetch): Promise<void> {
  // `-U` retries artefacts that an earlier run could not find: Maven remembers a failure for a day.
  const args = ['-B', '-U', '-f', pom, PLUGIN, `-DoutputDirectory=${directory}`, '-DincludeScope=runtime']
  const child = spawn('mvn', args, { stdio: ['ignore', 'pipe', 'pipe'], signal: AbortSignal.timeout(FETCH_MS) })
  const endMaven = () => child.kill()
  process.once('exit', endMaven) // it must not run beside the Maven of the next start
  const progress = showProgress(new Set(jars), logger)
  const complaints: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', line => {
      progress.line(line)
      if (line.includes('ERROR') || stream === child.stderr) complaints.push(line.replace(/^\[ERROR\] /, ''))
    })
  }
  const ended = await new Promise<NodeJS.ErrnoException | number | null>(resolve => {
    child.once('error', resolve)
    child.once('close', resolve)
  }).finally(() => {
    process.off('exit', endMaven)
    progress.end()
  })
  if (ended !== 0) throw new Error(mavenProblem(ended, complaints))
}

function mavenProblem(ended: NodeJS.ErrnoException | number | null, complaints: string[]): string {
  if (ended instanceof Error && ended.code === 'ENOENT')
    return 'Maven is missing: install it (for example `apt install maven` or `brew install maven`), or set KAFKA_BROKERS.'
  if (ended instanceof Error && ended.code === 'ABORT_ERR')
    return `Maven did not fetch Kafka within ${FETCH_MS / 60_000} minutes. ${NETWORK_REMEDY}`
  if (ended instanceof Error) return `Maven cannot be started: ${ended.message}`
  const reason = complaints.find(line => line.trim() !== '') ?? 'it gave no reason'
  if (!/could not (transfer|be resolved|find)|cannot access|unknown host/i.test(reason))
    return `Maven could not fetch Kafka: ${reason}`
  return `Maven could not fetch Kafka from its repository: ${reason}\n${NETWORK_REMEDY}`
}

const NETWORK_REMEDY = [
  'What to do:',
  '  - check the network',
  '  - behind a proxy, or with a mirror of your own: name it in ~/.m2/settings.xml (<proxies>, <mirrors>)',
  '  - or set KAFKA_BROKERS to a Kafka cluster, which needs no download',
  '  - then run the same command again: Maven keeps what it has fetched',
].join('\n')

function showProgress(jars: ReadonlySet<string>, logger: ProgressLogger) {
  const startedMs = performance.now()
  let [files, bytes, ours] = [0, 0, 0]
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - startedMs) / 1000)
    const known = jars.size > 0 ? `${ours} of ${jars.size} jars, ` : ''
    logger.info(`Maven has fetched ${known}${files} files in all (${Math.round(bytes / 1e6)} MB), ${seconds} s …`)
  }, PROGRESS_MS)
  return {
    line(line: string) {
      const [, name, size, unit] = DOWNLOADED.exec(line) ?? []
      if (name === undefined) return
      files += 1
      bytes += Number(size) * UNIT_BYTES[unit as keyof typeof UNIT_BYTES]
      if (jars.has(name)) ours += 1
    },
    end: () => clearInterval(timer),
  }
}
