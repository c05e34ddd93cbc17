/**
 * The waiting records of one input: the batches that were fetched, how much of them is taken, and when they are too
 * much.
 */
import type { KnownPosition, LogRecord } from '../ports.ts'

const WAITING_RECORDS_MAX = 4_000
const WAITING_BYTES_MAX = 4 * 1024 * 1024
/**
 * Limit of one turn, except for a single record: large records count for more than small ones, or their owner would
 * block the queue.
 */
const TURN_BYTES_MAX = 1024 * 1024

type Position = Required<KnownPosition> | undefined

export interface Batch {
  records: LogRecord[]
  /** The position before all of it was taken. */
  from: number
  nextOffset: number
  position: Position
}

export interface PartitionQueue {
  topic: string
  partition: number
  /** False: its records are offered by the task. */
  isRead: boolean
  batches: Batch[]
  /** Topic id and leader epoch of the records taken last. */
  position: Position
  waitingRecords: number
  waitingBytes: number
  /** Records taken in this round. */
  taken: number
  /** Records handed out that have not committed. */
  uncommitted: number
  /** Too much waits. */
  full: boolean
  /** Paused by the task. */
  held: boolean
  /** The topic that it would be written to is unavailable. */
  unavailable: boolean
  reader: 'reads' | 'pauses briefly' | 'pauses'
  /** Where the next record will be fetched; undefined before the first. */
  fetchedTo: number | undefined
}

/** Records that were taken, with what is needed to put them back. */
export interface HandedOut {
  queue: PartitionQueue
  records: LogRecord[]
  nextOffset: number
  position: Position
  positionBefore: Position
}

export const createPartitionQueue = (topic: string, partition: number, isRead: boolean): PartitionQueue => ({
  topic,
  partition,
  isRead,
  batches: [],
  position: undefined,
  waitingRecords: 0,
  waitingBytes: 0,
  taken: 0,
  uncommitted: 0,
  full: false,
  held: false,
  unavailable: false,
  reader: 'reads',
  fetchedTo: undefined,
})

export function isFull({ full, waitingRecords, waitingBytes }: PartitionQueue): boolean {
  // Resume at half, so that pausing does not flutter.
  const part = full ? 2 : 1
  return waitingRecords > WAITING_RECORDS_MAX / part || waitingBytes > WAITING_BYTES_MAX / part
}

export function putBehind(queue: PartitionQueue, batch: Batch): void {
  queue.batches.push(batch)
  count(queue, batch.records, 1)
}

export function putInFront(queue: PartitionQueue, batch: Batch): void {
  queue.batches.unshift(batch)
  count(queue, batch.records, 1)
}

/** Takes the next records of the first batch, at most `recordsMax`, and a megabyte. */
export function handOut(queue: PartitionQueue, recordsMax: number): HandedOut {
  const batch = queue.batches[0]!
  const size = turnOf(batch.records, batch.from, recordsMax)
  const records = size === batch.records.length ? batch.records : batch.records.slice(batch.from, batch.from + size)
  batch.from += size
  const isFinished = batch.from >= batch.records.length
  if (isFinished) queue.batches.shift()
  const nextOffset = isFinished ? batch.nextOffset : records.at(-1)!.offset + 1
  const handedOut = { queue, records, nextOffset, position: batch.position, positionBefore: queue.position }
  queue.position = batch.position
  count(queue, records, -1)
  queue.taken += records.length
  return handedOut
}

function count(queue: PartitionQueue, records: LogRecord[], sign: 1 | -1): void {
  queue.waitingRecords += sign * records.length
  for (const record of records) queue.waitingBytes += sign * bytesOf(record)
}

function turnOf(records: LogRecord[], from: number, recordsMax: number): number {
  let size = 0
  let bytes = 0
  while (size < recordsMax && from + size < records.length && (size === 0 || bytes < TURN_BYTES_MAX)) {
    bytes += bytesOf(records[from + size]!)
    size++
  }
  return size
}

/** Headers count as well: a record may have nothing else. */
const bytesOf = ({ sizeBytes, value }: LogRecord) => 64 + (sizeBytes ?? value?.length ?? 0)
