/**
 * Restores a shard's state: reads every state partition from its beginning up to a barrier, a record that is written
 * now. End offsets would mislead, since transaction markers are invisible; and as the barrier is written by the writer
 * that has just fenced the last owner, only our own records can follow it.
 */
import type { Random } from '../../clock.ts'
import type { LogReader, LogRecord } from '../ports.ts'
import type { TransactionalWriter } from '../write/transactional-writer.ts'

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
  take(record: LogRecord): void
}): Restore {
  const { stateTopics, partition, reader } = deps
  const open = new Set<string>()
  const barrier = deps.random.bytes(16).toString('hex')
  let finish: () => void = () => undefined

  return {
    reads: topic => open.has(topic),
    onRecords(topic, records) {
      for (const record of records) {
        const mark = record.headers[BARRIER]
        if (!mark) deps.take(record)
        else if (mark.toString() === barrier) {
          open.delete(topic)
          reader.unassign(topic, partition)
        }
      }
      if (open.size === 0) finish()
    },
    async run(writer) {
      if (stateTopics.length === 0) return
      await writer.commit(
        stateTopics.map(topic => ({ topic, partition, key: BARRIER, value: null, headers: [[BARRIER, barrier]] })),
      )
      await new Promise<void>(resolve => {
        finish = resolve
        for (const topic of stateTopics) {
          open.add(topic)
          reader.assign(topic, partition, 'earliest')
        }
      })
    },
    abandon() {
      for (const topic of open) reader.unassign(topic, partition)
      open.clear()
      finish()
    },
  }
}
