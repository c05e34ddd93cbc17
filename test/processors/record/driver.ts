/**
 * Plays the runtime for one shard: keeps the logs, hands on records, commits its writes. A session can end at any
 * moment, and the next one sees the committed state, as after a crash.
 */
import type {
  KnownPosition,
  LogRecord,
  OutRecord,
  Processor,
  ShardHandle,
  ShardTask,
} from '../../../src/kafka/ports.ts'
import { auditAttempts, auditAttemptsCodec } from '../../../topics/audit-attempts.ts'
import { auditEmits, auditEmitsCodec } from '../../../topics/audit-emits.ts'
import { type RecordState, recordState, recordStateCodec } from '../../../topics/record-state.ts'
import { attempt, completion, matched, verdict } from '../../analytics/audit-rows.ts'
import { NO_PAUSES } from '../../support/no-pauses.ts'

export const SHARD = 3

export interface Logs {
  append(topic: string, value: Buffer): void
  /**
   * From this offset on the log is another one: cut, with a new leader, or with `topicId` that of a topic made anew.
   */
  turnBack(topic: string, offset: number, topicId?: string): void
  /** Topic id and leader epoch of its last record. */
  last(topic: string): Required<KnownPosition>
  read(topic: string, from: number): LogRecord[]
  state(topic: string): RecordState | undefined
  /** Resolves once `condition` holds after some commit. */
  until(condition: () => boolean): Promise<void>
}

export function createLogs(): Logs {
  const logs = new Map<string, LogRecord[]>()
  const epochs = new Map<string, Required<KnownPosition>>()
  const last = (topic: string) => epochs.get(topic) ?? { topicId: 'a', leaderEpoch: 0 }
  let waiting: Array<{ condition: () => boolean; resolve: () => void }> = []
  const read = (topic: string, from: number) => (logs.get(topic) ?? []).filter(record => record.offset >= from)
  return {
    read,
    append(topic, value) {
      const log = logs.get(topic) ?? []
      logs.set(topic, log)
      // Every other offset is a transaction marker's.
      const { leaderEpoch } = last(topic)
      log.push({
        topic,
        partition: SHARD,
        offset: log.length * 2,
        leaderEpoch,
        timestampMs: 0,
        key: null,
        value,
        headers: {},
      })
      const [due, rest] = [waiting.filter(each => each.condition()), waiting.filter(each => !each.condition())]
      waiting = rest
      for (const each of due) each.resolve()
    },
    last,
    turnBack(topic, offset, topicId = last(topic).topicId) {
      logs.set(
        topic,
        read(topic, 0).filter(record => record.offset < offset),
      )
      epochs.set(topic, { topicId, leaderEpoch: topicId === last(topic).topicId ? last(topic).leaderEpoch + 1 : 0 })
    },
    state(topic) {
      const states = read(recordState.name, 0).map(
        record => JSON.parse(String(record.value)) as RecordState & { topic: string },
      )
      return states.findLast(state => state.topic === topic)
    },
    until: condition =>
      new Promise(resolve => {
        if (condition()) resolve()
        else waiting.push({ condition, resolve })
      }),
  }
}

export interface Life {
  /** Hands on new records. */
  feed(): void
  /** The reader has gone back to this offset. */
  goBack(topic: string, offset: number): void
  crash(): void
  drain(): Promise<void>
  readonly paused: ReadonlySet<string>
  readonly failure: Error | undefined
}

/** `inputsMax`: records handed on in one transaction. */
export async function live(processor: Processor, logs: Logs, inputsMax = 2_000): Promise<Life> {
  const paused = new Set<string>()
  const positions = new Map<string, number>()
  let filling: OutRecord[] = []
  let inputs = 0
  let isDirty = false
  let isScheduled = false
  let isOver = false
  let failure: Error | undefined

  const handle: ShardHandle = {
    role: processor.role,
    shard: SHARD,
    write(records) {
      filling.push(...records)
      isDirty = true
      schedule()
    },
    assign: (topic, _partition, from) => void positions.set(topic, from === 'earliest' ? 0 : from),
    unassign: topic => void positions.delete(topic),
    position: topic => logs.last(topic),
    pause: topic => void paused.add(topic),
    resume(topic) {
      paused.delete(topic)
      schedule()
    },
    isHeld: () => true,
    uncommittedForMs: () => 0,
    ...NO_PAUSES,
    fail(error) {
      failure = error
      crash()
    },
  }
  const task: ShardTask = processor.open(handle)

  function schedule(): void {
    if (isScheduled || isOver) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      pump()
    })
  }

  function pump(): void {
    if (isOver) return
    for (const [topic, from] of positions) handOn(topic, from)
    if (isDirty) commit()
  }

  function handOn(topic: string, from: number): void {
    const records = paused.has(topic) ? [] : logs.read(topic, from).slice(0, inputsMax - inputs)
    const last = records.at(-1)
    if (last === undefined) return
    inputs += records.length
    positions.set(topic, last.offset + 1)
    task.receive(records, last.offset + 1, false)
  }

  function commit(): void {
    const records = filling.concat(task.seal())
    filling = []
    inputs = 0
    isDirty = false
    setImmediate(() => {
      if (isOver) return
      for (const record of records) logs.append(record.topic, asJson(record))
      task.committed?.()
      schedule()
    })
  }

  function crash(): void {
    isOver = true
    task.close()
  }

  for (const record of logs.read(recordState.name, 0)) task.restore(asAvro(record))
  await task.start()
  schedule()
  return {
    feed: schedule,
    goBack(topic, offset) {
      positions.set(topic, offset)
      schedule()
    },
    crash,
    async drain() {
      positions.clear()
      await task.drain?.()
      crash()
    },
    paused,
    get failure() {
      return failure
    },
  }
}

/** State is kept as JSON with its topic, so that tests can read it, and returned as it was written. */
function asJson(record: OutRecord): Buffer {
  const topic = String(record.key).replace(`/${SHARD}`, '')
  return Buffer.from(JSON.stringify({ topic, ...recordStateCodec.decode(record.value as Buffer) }))
}

function asAvro(record: LogRecord): LogRecord {
  const { topic, ...state } = JSON.parse(String(record.value)) as RecordState & { topic: string }
  return { ...record, key: Buffer.from(`${topic}/${SHARD}`), value: recordStateCodec.encode(state) }
}

/** Appends `count` accepted emits, numbered from `first`, one record each; returns the offset of the last record. */
export function emit(logs: Logs, first: number, count = 1): void {
  for (let n = first; n < first + count; n++) {
    logs.append(auditEmits.name, auditEmitsCodec.encode({ verdicts: [verdict(n)], completions: [] }))
  }
}

/** Appends an emit with one delivery, attempted and completed. */
export function emitAndDeliver(logs: Logs, n: number): void {
  const sent = matched(n, ['wh_1'])
  logs.append(
    auditEmits.name,
    auditEmitsCodec.encode({ verdicts: [sent], completions: [completion(sent, 'DELIVERED')] }),
  )
  logs.append(auditAttempts.name, auditAttemptsCodec.encode({ attempts: [attempt(sent, 'wh_1', `dlv_${n}`)] }))
}
