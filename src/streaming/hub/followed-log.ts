/**
 * One log that has readers in this process. What the tail brings goes to all live readers in the same turn: each
 * distinct question is answered once, each distinct frame is made once.
 */
import type { LogRecord } from '../../kafka/ports.ts'
import type { Cursors } from '../cursor.ts'
import type { PageCache } from '../page-cache.ts'
import type { Log } from '../resume.ts'
import { envelopeOf, type Selection } from '../selection.ts'
import type { Batch, Tail } from '../tail.ts'
import { oneLine } from './frames.ts'
import type { Connection, FollowedLog, LiveEvent, Reader } from './ports.ts'
import type { Ring, RingPage } from './ring.ts'

export interface FollowedLogDeps {
  log: Log
  tail: Tail
  pages: PageCache
  ring: Ring
  cursors: Cursors
  /** Where the tail starts. */
  offsets: readonly bigint[]
  /** A record that some reader has got. */
  onRecord(record: LogRecord): void
  /** A reader's connection failed by a fault of ours. */
  onFault(connection: Connection, error: unknown): void
}

export function followLog(deps: FollowedLogDeps): FollowedLog {
  const { log, pages, ring, cursors } = deps
  /** Live readers by their question. */
  const groups = new Map<string, { question: Selection; readers: Set<Reader> }>()
  const watchers = new Set<Reader>()
  const offsets = deps.offsets.map(Number)
  const touched = new Set<Connection>()
  let sequence = 0
  const following = deps.tail.follow(log.topic, deps.offsets, { onBatch, onGap })
  realign()

  /** The tail may have been awake before, and be further on. */
  function realign(): void {
    const positions = following.positions()
    for (const [partition, offset] of positions.entries()) offsets[partition] = Number(offset)
  }

  function onBatch({ partition, from, records, nextOffset }: Batch): void {
    ring.add(partition, Number(from), records, Number(nextOffset))
    for (const record of records) {
      // While the record is handed out, a reader that cannot take it stays in front of it.
      offsets[partition] = record.offset
      handOut(record, partition)
      offsets[partition] = record.offset + 1
      sequence = sequenceOf(record) ?? sequence
    }
    offsets[partition] = Number(nextOffset)
    for (const connection of touched) guarded(connection, () => connection.flush())
    touched.clear()
    for (const reader of watchers) reader.wake()
  }

  function handOut(record: LogRecord, partition: number): void {
    let event: LiveEvent | undefined
    for (const { question, readers } of groups.values()) {
      if (!question.matches(record)) continue
      event ??= createLiveEvent(record, partition)
      for (const reader of readers) {
        const { connection } = reader
        guarded(connection, () => reader.onEvent(event!))
        touched.add(connection)
      }
    }
    if (event !== undefined) deps.onRecord(record)
  }

  function createLiveEvent(record: LogRecord, partition: number): LiveEvent {
    const envelopes = new Map<string, Buffer>()
    const frames = new Map<string, Buffer>()
    const type = record.headers.ce_type?.toString() ?? ''
    let cursor: string | undefined
    const after = () => {
      const next = offsets.slice()
      next[partition] = record.offset + 1
      return cursorAt(next, sequenceOf(record) ?? sequence)
    }
    const envelope = (key: string, question: Selection): Buffer => {
      const made = envelopes.get(key) ?? oneLine(envelopeOf(record, question))
      envelopes.set(key, made)
      return made
    }
    return {
      record,
      partition,
      cursor: () => (cursor ??= after()),
      frame(reader) {
        const { format, isWithheld } = reader.question
        const form = `${format}/${isWithheld}`
        const key = `${form}/${reader.frameKey}`
        const known = frames.get(key)
        if (known !== undefined) return known
        cursor ??= after()
        const frame = reader.frames.event(cursor + reader.tag, type, envelope(form, reader.question))
        frames.set(key, frame)
        return frame
      },
    }
  }

  function guarded(connection: Connection, act: () => void): void {
    try {
      act()
    } catch (error) {
      deps.onFault(connection, error)
    }
  }

  /** Records are missing, or come again: every reader goes on from its own place, where pages say what is gone. */
  function onGap(): void {
    ring.clear()
    for (const { readers } of [...groups.values()]) for (const reader of [...readers]) reader.fallBehind()
    realign()
    for (const reader of watchers) reader.wake()
  }

  const cursorAt = (at: readonly number[], last: number) => cursors.encode(log, at.map(BigInt), last)

  async function freshPage(partition: number, offset: number): Promise<RingPage> {
    const { records, nextOffset } = await pages.read(log.topic, partition, BigInt(offset))
    return { records, nextOffset: Number(nextOffset) }
  }

  return {
    log,
    offsets,
    get sequence() {
      return sequence
    },
    cursorAt,
    liveCursor: () => cursorAt(offsets, sequence),
    async page(partition, offset) {
      return ring.read(partition, offset) ?? freshPage(partition, offset)
    },
    freshPage,
    join(reader) {
      const { key } = reader.question
      const group = groups.get(key) ?? { question: reader.question, readers: new Set() }
      groups.set(key, group)
      group.readers.add(reader)
    },
    leave(reader) {
      watchers.delete(reader)
      const group = groups.get(reader.question.key)
      if (group?.readers.delete(reader) && group.readers.size === 0) groups.delete(reader.question.key)
    },
    watch: reader => void watchers.add(reader),
    grow(partitions) {
      following.grow(partitions)
      realign()
      // Live readers follow the new partitions with the tail; the others find them by their offsets.
      for (const reader of watchers) reader.wake()
    },
    close() {
      following.stop()
      ring.clear()
    },
  }
}

const sequenceOf = ({ headers }: LogRecord): number | undefined =>
  headers.sequence === undefined ? undefined : Number(headers.sequence.toString('latin1'))
