/** Answers to api processes that hold a call open, in the transaction that commits what they say. */
import type { Clock } from '../../src/clock.ts'
import type { OutRecord, ShardHandle } from '../../src/kafka/ports.ts'
import type { Code } from '../../src/model/codes.ts'
import { HANDED_OVER_KEY, type QueueAnswer, queuesAnswers, queuesAnswersCodec } from '../../topics/queues-answers.ts'
import type { QueueCommand } from '../../topics/queues-commands.ts'

export type Asker = Pick<QueueCommand, 'process' | 'correlation' | 'deadlineMs'>

export interface Answers {
  answer(to: Asker, value: unknown): void
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
    const value = queuesAnswersCodec.encode({ answers: found.answers, handedOverFrom: -1 })
    push(process, value)
  }

  function push(key: string, value: Buffer): void {
    packed.push({ topic: queuesAnswers.name, partition: handle.shard, key, value })
  }

  function add({ process, correlation, deadlineMs }: Asker, code: string | null, value: unknown): void {
    if (clock.nowMs() > deadlineMs) return
    const bytes = Buffer.from(JSON.stringify(value))
    if ((open.get(process)?.bytes ?? 0) + bytes.length > PACKED_BYTES_MAX) pack(process)
    const filling = open.get(process) ?? { answers: [], bytes: 0 }
    filling.answers.push({ correlation, code, value: bytes })
    filling.bytes += bytes.length
    open.set(process, filling)
    handle.write([], true)
  }

  return {
    answer: (to, value) => add(to, null, value),
    refuse: (to, code, message) => add(to, code, message),
    handedOver(from) {
      push(HANDED_OVER_KEY, queuesAnswersCodec.encode({ answers: [], handedOverFrom: from }))
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
