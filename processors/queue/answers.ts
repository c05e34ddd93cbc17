/**
 * Answers to api processes that hold a call open. They are in the partition of the state, in the batch that commits what
 * they say: one append does both or nothing.
 */
import type { Clock } from '../../src/clock.ts'
import type { LogRecord, OutRecord, ShardHandle } from '../../src/kafka/ports.ts'
import type { Code } from '../../src/model/codes.ts'
import { carriedOf } from '../../src/queue-calls/carried.ts'
import type { QueueCommand } from '../../topics/queues-commands.ts'
import {
  ANSWERS_TO,
  type QueueAnswer,
  queueAnswersCodec,
  queueStateKeys,
  queuesState,
  TO_ALL,
} from '../../topics/queues-state.ts'

export type Asker = Pick<QueueCommand, 'process' | 'correlation' | 'deadlineMs'>

export interface Answers {
  /** `events`: those of its messages that are at hand. */
  answer(to: Asker, value: unknown, events?: readonly LogRecord[]): void
  refuse(to: Asker, code: Code, message: string): void
  /** All api processes are to know that this owner begins with the call at this offset. */
  handedOver(from: number): void
  seal(): OutRecord[]
}

/** Of the answers in one record. */
const PACKED_BYTES_MAX = 512 * 1024

export function createAnswers(handle: Pick<ShardHandle, 'shard' | 'write'>, clock: Clock): Answers {
  const open = new Map<string, { answers: QueueAnswer[]; bytes: number }>()
  let packed: OutRecord[] = []

  function pack(process: string): void {
    const found = open.get(process)
    if (found === undefined) return
    open.delete(process)
    const value = queueAnswersCodec.encode({ answers: found.answers, handedOverFrom: -1 })
    push(process, value)
  }

  function push(to: string, value: Buffer): void {
    const { name: topic } = queuesState
    packed.push({ topic, partition: handle.shard, key: queueStateKeys.answers, value, headers: [[ANSWERS_TO, to]] })
  }

  function add(
    { process, correlation, deadlineMs }: Asker,
    code: string | null,
    value: unknown,
    events: readonly LogRecord[] = [],
  ): void {
    if (clock.nowMs() > deadlineMs) return
    const bytes = Buffer.from(JSON.stringify(value))
    if ((open.get(process)?.bytes ?? 0) + bytes.length > PACKED_BYTES_MAX) pack(process)
    const filling = open.get(process) ?? { answers: [], bytes: 0 }
    filling.answers.push({ correlation, code, value: bytes, events: carriedOf(events) })
    filling.bytes += bytes.length
    open.set(process, filling)
    handle.write([], true)
  }

  return {
    answer: (to, value, events) => add(to, null, value, events),
    refuse: (to, code, message) => add(to, code, message),
    handedOver(from) {
      push(TO_ALL, queueAnswersCodec.encode({ answers: [], handedOverFrom: from }))
      handle.write([], true)
    },
    seal() {
      for (const process of [...open.keys()]) pack(process)
      const sealed = packed
      packed = []
      return sealed
    },
  }
}
