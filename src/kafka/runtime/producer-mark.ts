/**
 * A record of state that names the producer id of the shard's owner. Owners have one id and ascending epochs, by which
 * a broker refuses the appends of a former one; but the coordinator gives another id when the epochs have run out or a
 * week has passed without a transaction, and that fences nobody. A new owner that finds another id than its own waits
 * until the former one can hold no lease.
 */
import type { OutRecord } from '../ports.ts'
import type { Home, TransactionalWriter } from '../write/transactional-writer.ts'
import { SESSION_MS } from './session-time.ts'

const KEY = 'producer'

/** Longer than a lease by what a commit may have hung between the look at its lease and its socket. */
export const FORMER_OWNER_MS = SESSION_MS + 10_000

export interface ProducerMarks {
  /** True: the record is a mark, and no state of the task. */
  read(record: { key: Buffer | null; value: Buffer | null }): boolean
  /** Appends of a former owner may not be refused. */
  isOfAnother(writer: Pick<TransactionalWriter, 'producerId'>): boolean
  /** What goes in front of the next commit; nothing while the last mark holds. */
  due(writer: Pick<TransactionalWriter, 'producerId'>): OutRecord[]
  /** The record of `due` has committed. */
  written(records: readonly OutRecord[]): void
}

/** `home`: of a shard that appends outside of transactions. */
export function createProducerMarks(home: Home | undefined): ProducerMarks {
  let marked: string | undefined
  const isAt = (key: Buffer | string | null) => key !== null && String(key) === KEY

  return {
    read({ key, value }) {
      if (home === undefined || !isAt(key)) return false
      marked = value?.toString()
      return true
    },
    isOfAnother: writer => marked !== undefined && marked !== String(writer.producerId()),
    due(writer) {
      const producerId = String(writer.producerId())
      return home === undefined || marked === producerId ? [] : [{ ...home, key: KEY, value: Buffer.from(producerId) }]
    },
    written(records) {
      const [first] = records
      if (home !== undefined && first !== undefined && isAt(first.key)) marked = String(first.value)
    },
  }
}
