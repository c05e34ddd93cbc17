/** The files of one partition's log, in Kafka's format (Kafka protocol guide, "Record Batch"). */
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { crc32c } from '@node-rs/crc32'
import { entriesOf, pathExists } from './stored-files.ts'

/** Up to the number of records. */
const BATCH_HEAD_BYTES = 61
/** The length of a batch counts the bytes behind this position. */
const LENGTH_ENDS_AT = 12
const VERSION_AT = 16
const CHECKSUM_AT = 17
const ATTRIBUTES_AT = 21
const LAST_DELTA_AT = 23
const BATCH_VERSION = 2
const INDEX_ENTRY_BYTES = 8

/** Paths, oldest first. */
export const segmentsOf = (directory: string): string[] =>
  entriesOf(directory)
    .filter(name => /^\d{20}\.log$/.test(name))
    .sort()
    .map(name => join(directory, name))

/** The offset in a segment's name; 0 for `bootstrap.checkpoint`, which has none. */
const firstOffset = (segment: string): number => Number.parseInt(basename(segment), 10) || 0

/** The offset behind the last complete batch. Reads only the few batches that the segment's index does not name. */
export function endOf(segment: string): number {
  const file = openSync(segment, 'r')
  try {
    const base = firstOffset(segment)
    const { size } = fstatSync(file)
    const read = (at: number) => {
      const head = Buffer.alloc(BATCH_HEAD_BYTES)
      return readSync(file, head, 0, BATCH_HEAD_BYTES, at) === BATCH_HEAD_BYTES ? head : undefined
    }
    const indexed = lastIndexed(segment.replace(/\.log$/, '.index'))
    return (indexed > 0 ? walk(read, indexed, size, base).end : undefined) ?? walk(read, 0, size, base).end ?? base
  } finally {
    closeSync(file)
  }
}

/** The first damaged batch, and whether another batch follows it. Undefined when all are intact. Reads everything. */
export function damageIn(segment: string): { isLast: boolean } | undefined {
  const bytes = readFileSync(segment)
  const isWhole = (at: number, next: number) =>
    crc32c(bytes.subarray(at + ATTRIBUTES_AT, next)) === bytes.readUInt32BE(at + CHECKSUM_AT)
  const read = (at: number) =>
    at + BATCH_HEAD_BYTES <= bytes.length ? bytes.subarray(at, at + BATCH_HEAD_BYTES) : undefined
  const { stoppedAt, next } = walk(read, 0, bytes.length, firstOffset(segment), isWhole)
  return stoppedAt === bytes.length ? undefined : { isLast: next === undefined || next >= bytes.length }
}

interface Walk {
  /** Offset behind the last batch; undefined when there is none. */
  end: number | undefined
  /** Position of the first byte that is not a batch. */
  stoppedAt: number
  /** Start of the next batch according to the length in the damaged one. */
  next: number | undefined
}

function walk(
  read: (at: number) => Buffer | undefined,
  from: number,
  size: number,
  base: number,
  isWhole: (at: number, next: number) => boolean = () => true,
): Walk {
  let end: number | undefined
  let at = from
  for (;;) {
    const head = read(at)
    if (head === undefined) return { end, stoppedAt: at, next: undefined }
    const first = Number(head.readBigInt64BE(0))
    const next = at + LENGTH_ENDS_AT + head.readInt32BE(LENGTH_ENDS_AT - 4)
    if (next < at + BATCH_HEAD_BYTES || next > size || head[VERSION_AT] !== BATCH_VERSION)
      return { end, stoppedAt: at, next: undefined }
    if (first < (end ?? base) || !isWhole(at, next)) return { end, stoppedAt: at, next }
    end = first + Math.max(0, head.readInt32BE(LAST_DELTA_AT)) + 1
    at = next
  }
}

/** Position of the last batch that the index names; 0 without one. */
function lastIndexed(index: string): number {
  const size = pathExists(index) ? statSync(index).size : 0
  if (size < INDEX_ENTRY_BYTES || size % INDEX_ENTRY_BYTES !== 0) return 0
  const entry = Buffer.alloc(INDEX_ENTRY_BYTES)
  const file = openSync(index, 'r')
  try {
    readSync(file, entry, 0, INDEX_ENTRY_BYTES, size - INDEX_ENTRY_BYTES)
    return entry.readInt32BE(4)
  } finally {
    closeSync(file)
  }
}
