/**
 * Answers to api processes that hold a request open (topic `responses`): of runs in the transaction that commits what
 * they say, of looks at once.
 */
import type { Clock } from '../../src/clock.ts'
import type { Appender, OutRecord, ShardHandle } from '../../src/kafka/ports.ts'
import type { Logger } from '../../src/logger.ts'
import {
  type AnswerTo,
  type ResponseKind,
  type ResponseRow,
  responses,
  responsesCodec,
} from '../../topics/responses.ts'

export interface GivenAnswer {
  kind: ResponseKind
  /** Empty: about no run. */
  runId: string
  /** Written as JSON; bytes are JSON already. */
  value: unknown
}

export interface Responses {
  /** In the transaction that is being filled, whose commit is hurried. */
  answer(to: AnswerTo, given: GivenAnswer): void
  /** While the transaction is being sealed. */
  fill(to: AnswerTo, given: GivenAnswer): void
  /** Outside any transaction, and never waited for: only of what has committed, or is said not to have. */
  answerNow(to: AnswerTo, given: GivenAnswer): void
  seal(): OutRecord[]
}

/** Of the answers in one record. */
const PACKED_BYTES_MAX = 512 * 1024

export function createResponses(context: {
  handle: Pick<ShardHandle, 'shard' | 'write'>
  deps: { clock: Clock; appender: Appender; logger: Logger }
}): Responses {
  const { handle } = context
  const { clock, appender, logger } = context.deps
  /** By process: the records that are full, and the rows of the next. */
  const open = new Map<string, { rows: ResponseRow[]; bytes: number }>()
  let packed: OutRecord[] = []

  const isAwaited = ({ deadlineMs }: AnswerTo) => clock.nowMs() <= deadlineMs

  function recordOf(process: string, rows: ResponseRow[]): OutRecord {
    const value = responsesCodec.encode({ responses: rows })
    return { topic: responses.name, partition: handle.shard, key: process, value }
  }

  function add(process: string, row: ResponseRow): void {
    const found = open.get(process)
    const isFull = found !== undefined && found.bytes + row.value.length > PACKED_BYTES_MAX
    if (isFull) packed.push(recordOf(process, found.rows))
    const filling = found === undefined || isFull ? { rows: [], bytes: 0 } : found
    filling.rows.push(row)
    filling.bytes += row.value.length
    open.set(process, filling)
  }

  function answer(to: AnswerTo, given: GivenAnswer): void {
    if (!isAwaited(to)) return
    add(to.process, rowOf(to, given))
    handle.write([], true)
  }

  return {
    answer,
    fill(to, given) {
      if (isAwaited(to)) add(to.process, rowOf(to, given))
    },
    answerNow(to, given) {
      if (!isAwaited(to)) return
      appender
        .append(recordOf(to.process, [rowOf(to, given)]))
        .catch(error =>
          logger.warn({ error: String(error) }, 'an answer could not be written; its call runs out of time'),
        )
    },
    seal() {
      for (const [process, { rows }] of open) packed.push(recordOf(process, rows))
      open.clear()
      const sealed = packed
      packed = []
      return sealed
    },
  }
}

const rowOf = ({ correlation }: AnswerTo, { kind, runId, value }: GivenAnswer): ResponseRow => ({
  ...{ correlation, kind, runId },
  value: Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value)),
})
