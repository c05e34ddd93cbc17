/**
 * Checks that Kafka will recognise a log as its own. Kafka treats topics that its metadata does not name as strays, and
 * deletes them a minute later; so it never gets a log without its metadata.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { control } from '../../topics/control.ts'
import { damagedSegment, lostRecords, noteProblems } from './partition-logs.ts'
import { entriesOf, pathExists, systemReason } from './stored-files.ts'

const METADATA = '__cluster_metadata-0'
/** Base offset, length, leader epoch, and the version of the format. */
const BATCH_HEAD_BYTES = 17
const BATCH_VERSION = 2

/** In sentences; empty when there are none. */
export function logProblems(data: string, advice: string): string[] {
  const problems = [...metadataProblems(data, advice), ...noteProblems(data)]
  return problems.length > 0 ? problems : lossProblems(data, advice)
}

/** Checked for a log with intact metadata. */
function lossProblems(data: string, advice: string): string[] {
  try {
    const lost = lostRecords(data)
    return lost ? [`${data} has lost records: ${lost}. ${advice}`] : []
  } catch (error) {
    return [`${data} cannot be read: ${systemReason(error)}. ${advice}`]
  }
}

function metadataProblems(data: string, advice: string): string[] {
  const properties = join(data, 'meta.properties')
  const partitions = entriesOf(data).filter(name => /-\d+$/.test(name) && name !== METADATA)
  const unusable = (path: string, problem: string | undefined) =>
    problem ? [`${path} cannot be used: ${problem}. ${advice}`] : []
  return [
    ...unusable(properties, propertiesProblem(properties)),
    ...(partitions.length > 0 ? unusable(join(data, METADATA), metadataProblem(data)) : []),
    ...partitions
      .filter(name => isNameless(join(data, name)))
      .flatMap(name => unusable(join(data, name), 'partition.metadata, which names its topic, is missing')),
  ]
}

function propertiesProblem(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8')
    const lacking = ['cluster.id', 'node.id', 'version'].filter(
      name => !new RegExp(`^${name.replace('.', '\\.')}\\s*=\\s*\\S`, 'm').test(text),
    )
    return lacking.length > 0 ? `it has no ${lacking.join(', ')}` : undefined
  } catch (error) {
    return pathExists(path) ? systemReason(error) : 'it is missing'
  }
}

/** The metadata log must begin with a batch, at offset 0 or behind a snapshot, and every batch must be intact. */
function metadataProblem(data: string): string | undefined {
  const directory = join(data, METADATA)
  const names = entriesOf(directory).sort()
  const snapshot = names.some(name => name.endsWith('.checkpoint') && statSync(join(directory, name)).size > 0)
  const oldest = names.find(name => name.endsWith('.log'))
  if (oldest === undefined) return 'its log, which says what topics there are, is missing'
  try {
    const begins = beginsWithBatch(join(directory, oldest), Number.parseInt(oldest, 10))
    const whole = begins ? snapshot || Number.parseInt(oldest, 10) === 0 : begins === undefined && snapshot
    const damaged = whole ? damagedSegment(data, METADATA) : oldest
    return damaged && `${basename(damaged)}, which says what topics there are, is empty or damaged`
  } catch (error) {
    return `${oldest}: ${systemReason(error)}`
  }
}

/** Undefined when the file is empty. */
function beginsWithBatch(path: string, offset: number): boolean | undefined {
  const file = openSync(path, 'r')
  try {
    if (fstatSync(file).size === 0) return undefined
    const head = Buffer.alloc(BATCH_HEAD_BYTES)
    const length = readSync(file, head, 0, BATCH_HEAD_BYTES, 0)
    return (
      length === BATCH_HEAD_BYTES && head.readBigInt64BE(0) >= BigInt(offset) && head.readInt8(16) === BATCH_VERSION
    )
  } finally {
    closeSync(file)
  }
}

/** A partition that was just created may lack its name, and has no records then. */
function isNameless(partition: string): boolean {
  if (pathExists(join(partition, 'partition.metadata'))) return false
  return entriesOf(partition).some(name => name.endsWith('.log') && statSync(join(partition, name)).size > 0)
}

/**
 * Whether the broker has set aside a topic that every installation has. (An organization's topics may be strays after a
 * crash during its deletion.)
 */
export const hasStrays = (data: string): boolean =>
  entriesOf(data).some(name => name.startsWith(`${control.name}-0.`) && name.endsWith('-stray'))
