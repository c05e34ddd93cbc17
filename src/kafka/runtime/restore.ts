/**
 * Restores a shard's state: reads every state partition from its beginning up to a barrier, a record that is written
 * now. End offsets would mislead, since transaction markers are invisible; and as the barrier is written by the writer
 * that has just fenced the last owner, only our own records can follow it. Where the last owner may not be fenced
 * (`producer-mark.ts`), a second barrier follows once it holds no lease any more.
 */
import type { Clock, Random } from '../../clock.ts'
import type { LogReader, LogRecord } from '../ports.ts'
import type { TransactionalWriter } from '../write/transactional-writer.ts'
import { FORMER_OWNER_MS, type ProducerMarks } from './producer-mark.ts'

const BARRIER = 'barrier'

export interface Restore {
  /** Whether this is a state topic that is being read. */
  reads(topic: string): boolean
  onRecords(topic: string, records: LogRecord[]): void
  /** Resolves when all of it has been read, or when it was abandoned. */
  run(writer: TransactionalWriter): Promise<void>
  abandon(): void
}

export function createRestore(deps: {
  stateTopics: readonly string[]
  partition: number
  reader: LogReader
  random: Random
  clock: Clock
  marks: ProducerMarks
  take(record: LogRecord): void
}): Restore {
  const { stateTopics, partition, reader, marks } = deps
  const open = new Set<string>()
  /** By topic: where reading goes on. */
  const readTo = new Map<string, number>()
  let barrier = ''
  let isAbandoned = false
  let finish: () => void = () => undefined

  async function readToBarrier(writer: TransactionalWriter): Promise<void> {
    barrier = deps.random.bytes(16).toString('hex')
    await writer.commit(
      stateTopics.map(topic => ({ topic, partition, key: BARRIER, value: null, headers: [[BARRIER, barrier]] })),
    )
    if (isAbandoned) return
    await new Promise<void>(resolve => {
      finish = resolve
      for (const topic of stateTopics) {
        open.add(topic)
        reader.assign(topic, partition, readTo.get(topic) ?? 'earliest')
      }
    })
  }

  return {
    reads: topic => open.has(topic),
    onRecords(topic, records) {
      for (const record of records) {
        const mark = record.headers[BARRIER]
        if (!mark) {
          if (!marks.read(record)) deps.take(record)
        } else if (mark.toString() === barrier) {
          readTo.set(topic, record.offset + 1)
          open.delete(topic)
          reader.unassign(topic, partition)
        }
      }
      if (open.size === 0) finish()
    },
    async run(writer) {
      if (stateTopics.length === 0) return
      await readToBarrier(writer)
      if (isAbandoned || !marks.isOfAnother(writer)) return
      await new Promise<void>(resolve => {
        finish = resolve
        deps.clock.after(FORMER_OWNER_MS, resolve)
      })
      if (!isAbandoned) await readToBarrier(writer)
    },
    abandon() {
      isAbandoned = true
      for (const topic of open) reader.unassign(topic, partition)
      open.clear()
      finish()
    },
  }
}
