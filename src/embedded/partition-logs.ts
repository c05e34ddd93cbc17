/**
 * Checks that the broker's partitions still contain their records. Kafka notes how far each of them is committed, but
 * silently replaces a missing directory or file by an empty one: idempotency keys or events would be lost.
 */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { damageIn, endOf, segmentsOf } from './log-segments.ts'
import { entriesOf, isRecord, pathExists, systemReason } from './stored-files.ts'

const COMMITTED = 'replication-offset-checkpoint'
const SHOWN_MAX = 3

/** Whether Kafka had flushed everything to the disk. After a power failure the ends of logs may be missing. */
const stoppedCleanly = (data: string): boolean => pathExists(join(data, '.kafka_cleanshutdown'))

/** In a few words; undefined when nothing is missing. Throws when something cannot be read. */
export function lostRecords(data: string): string | undefined {
  const names = entriesOf(data)
  const isDeleted = (partition: string) =>
    names.some(each => each.startsWith(`${partition}.`) && each.endsWith('-delete'))
  const isClean = stoppedCleanly(data)
  const lost = committedOffsets(data).flatMap(({ name, offset }) => {
    const problem = lossOf(join(data, name), offset, isClean)
    return problem && !isDeleted(name) ? [`${name} ${problem}`] : []
  })
  const more = lost.length - SHOWN_MAX
  return lost.length > 0 ? lost.slice(0, SHOWN_MAX).join(', ') + (more > 0 ? ` and ${more} more` : '') : undefined
}

function lossOf(directory: string, offset: number, isClean: boolean): string | undefined {
  if (!pathExists(directory)) return 'is missing'
  const newest = segmentsOf(directory).at(-1)
  if (newest === undefined) return 'has no log'
  const end = isClean ? endOf(newest) : offset
  return end < offset ? `ends at ${end} of ${offset}` : undefined
}

/**
 * The name of a damaged segment. Kafka would continue with the part before the damage, and treat the topics behind it
 * as strays. The end of the log after a power failure is different: Kafka truncates an incomplete batch.
 */
export function damagedSegment(data: string, partition: string): string | undefined {
  const isClean = stoppedCleanly(data)
  const segments = segmentsOf(join(data, partition))
  const damaged = segments.find((segment, index) => {
    const damage = damageIn(segment)
    return damage && (isClean || !damage.isLast || index < segments.length - 1)
  })
  return (
    damaged ??
    (isClean && segments.length > 0 && endOf(segments.at(-1)!) < notedEnd(data, partition)
      ? segments.at(-1)
      : undefined)
  )
}

/**
 * Kafka names its producer snapshots after the offset that they reach, and writes one at the end of each log when it
 * stops.
 */
const notedEnd = (data: string, partition: string): number =>
  Math.max(0, ...entriesOf(join(data, partition)).filter(name => /^\d{20}\.snapshot$/.test(name)).map(name => Number.parseInt(name, 10))) // biome-ignore format: one thought

/**
 * Partitions with records, and the offset before which all of them are committed. A newly formatted log has no such
 * note.
 */
function committedOffsets(data: string): { name: string; offset: number }[] {
  const path = join(data, COMMITTED)
  const lines = pathExists(path) ? linesOf(path) : undefined
  return (lines ?? []).flatMap(line => {
    const [topic, partition, offset] = line.split(' ')
    return Number(offset) > 0 ? [{ name: `${topic}-${partition}`, offset: Number(offset) }] : []
  })
}

/** In sentences: damaged notes that Kafka replaces when they are missing, and that stop it when they are unreadable. */
export function noteProblems(data: string): string[] {
  return Object.entries(NOTES).flatMap(([name, isWhole]) => {
    const path = join(data, name)
    const reason = reasonUnless(path, isWhole)
    return reason ? [`${path} cannot be read: ${reason}. Remove it: Kafka makes it anew.`] : []
  })
}

const ofPartitions = (path: string): boolean => linesOf(path) !== undefined

const NOTES: Readonly<Record<string, (path: string) => boolean>> = {
  [COMMITTED]: ofPartitions,
  'recovery-point-offset-checkpoint': ofPartitions,
  'log-start-offset-checkpoint': ofPartitions,
  'cleaner-offset-checkpoint': ofPartitions,
  'bootstrap.checkpoint': path => damageIn(path) === undefined && statSync(path).size > 0,
  '__cluster_metadata-0/quorum-state': path => isRecord(JSON.parse(readFileSync(path, 'utf8'))),
}

function reasonUnless(path: string, isWhole: (path: string) => boolean): string | undefined {
  try {
    return !pathExists(path) || isWhole(path) ? undefined : 'it is damaged'
  } catch (error) {
    return error instanceof SyntaxError ? 'it is damaged' : systemReason(error)
  }
}

/** One line per partition: topic, number, offset. Undefined when the file has another form. */
function linesOf(path: string): string[] | undefined {
  const text = readFileSync(path, 'utf8')
  if (text === '') return []
  const [version, count, ...lines] = text.replace(/\n$/, '').split('\n')
  const isWhole = version === '0' && count === String(lines.length) && lines.every(line => /^\S+ \d+ \d+$/.test(line))
  return isWhole ? lines : undefined
}
