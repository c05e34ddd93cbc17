/**
 * `queue` on a broker in memory: one shard, its calls, its changelog, one organization's log, and a clock that the test
 * moves. A transaction is visible at once or not at all, so a test can crash the shard at any moment.
 */
import { createQueueProcessor } from '../../../processors/queue/index.ts'
import { createPlacedEvents } from '../../../processors/queue/placed-events.ts'
import { controlKey, createControlView } from '../../../src/control-plane/store/view-store.ts'
import { eventHeaders } from '../../../src/events/log-record.ts'
import type { LogRecord, OutRecord, ShardHandle, ShardTask } from '../../../src/kafka/ports.ts'
import { createLogger } from '../../../src/logger.ts'
import type { QueueRecord } from '../../../src/model/queues.ts'
import type { Replay, ReplayTarget } from '../../../src/model/replays.ts'
import type { HandedOut, ReceiveAnswer, ReceiveBody, SettleBody, StatsAnswer } from '../../../src/queues/calls.ts'
import type { Claim } from '../../../src/queues/rules.ts'
import type { TargetEnd, TargetProgress } from '../../../src/replay/ways/ends.ts'
import { logOf } from '../../../src/streaming/streaming.ts'
import type { Follower } from '../../../src/streaming/tail.ts'
import { auditMeters, auditMetersCodec, type MeterReading } from '../../../topics/audit-meters.ts'
import { type PlatformEmit, platformEmitCodec, platformEmits } from '../../../topics/platform-emits.ts'
import { type QueueCall, queueCommandCodec, queuesCommands } from '../../../topics/queues-commands.ts'
import {
  ANSWERS_TO,
  type CarriedEvent,
  queueAnswersCodec,
  queueStateKeys,
  queuesState,
  TO_ALL,
} from '../../../topics/queues-state.ts'
import { createManualClock } from '../../delivery/manual-clock.ts'
import { factsOf } from '../../streaming/log-writer.ts'
import { NO_PAUSES } from '../../support/no-pauses.ts'
import { createMemoryLog } from './memory-log.ts'
import { OWNER, queueRecord, replayRecord } from './memory-records.ts'

const LOG = logOf(OWNER).topic
const FAR_MS = 4_000_000_000_000

interface Session {
  task: ShardTask
  filling: OutRecord[]
  isDirty: boolean
  position: number
  hasEnded: boolean
}

export type MemoryQueues = ReturnType<typeof createMemoryQueues>

export const claimOf = ({ group, purge, origin, partition, offset }: HandedOut): Claim => ({
  ...{ group, purge, place: { origin, partition, offset } },
})

export function createMemoryQueues({ deadMax }: { deadMax?: number } = {}) {
  const clock = createManualClock(1_785_000_000_000)
  const view = createControlView({ clock })
  const events: LogRecord[] = []
  const commands: LogRecord[] = []
  const answers = new Map<number, { code: string | null; value: unknown; events: CarriedEvent[] }>()
  const state = new Map<string, Buffer>()
  const followers = new Set<Follower>()
  const handedOver: number[] = []
  const readings: MeterReading[] = []
  const emits: PlatformEmit[] = []
  const ends: Array<TargetEnd & TargetProgress & { target: string }> = []
  let controlOffset = 0
  let transactions = 0
  let lastCall = 0
  let isReadable = true
  let isWritable = true
  let session: Session

  function control(
    kind: 'queue' | 'organization' | 'replay',
    record: { organizationId: string; id: string } | string,
  ): void {
    const id = typeof record === 'string' ? record : record.id
    const place = { topic: 'control', partition: 0, offset: controlOffset++, timestampMs: 0, headers: {} }
    const value = typeof record === 'string' ? null : Buffer.from(JSON.stringify(record))
    view.apply({ ...place, key: Buffer.from(controlKey(kind, OWNER.organizationId, id)), value })
  }

  const log = createMemoryLog(events, followers, () => isReadable)

  const live = {
    read: (): { waiting: number; awake: number; unsettled: number } => ({ waiting: 0, awake: 0, unsettled: 0 }),
    oldest: () => 0,
  }
  const read = async (_topic: string, _partition: number, offset: number) => ({
    ...{ records: events.slice(offset), nextOffset: events.length },
  })
  const replays = {
    log: {
      pages: { read, search: async () => 0 },
      ends: { all: async () => new Map([[0, events.length]]), of: async () => events.length },
    } as never,
    listed: createPlacedEvents({
      history: {
        numbers: async (_owner, emitIds) =>
          events.flatMap(({ headers }, at) => {
            const emitId = `cee_${String(headers['event-id']).slice('evt_'.length)}`
            return emitIds.includes(emitId) ? [{ emitId, sequence: at + 1 }] : []
          }),
      },
      sequences: {
        read: async ({ range, log: { topic } }) => ({
          ...{ records: events.slice(range.first - 1, range.last), isAtEnd: false },
          position: { topic, offsets: [], sequence: range.last },
        }),
      },
    }),
    pause: async () => undefined,
    async ended(replay: Replay, target: ReplayTarget, end: TargetEnd, progress: TargetProgress) {
      if (!isWritable) throw new Error('the control plane is away')
      ends.push({ target: target.id, ...end, ...progress })
      control('replay', { ...replay, state: end.state, targets: [{ ...target, state: end.state }] } as Replay)
    },
  }
  const processor = createQueueProcessor({
    ...{ view, log: log as never, replays, shards: 1, deadMax, clock, logger: createLogger('silent') },
    observe: {
      ...{ call: () => undefined, messages: () => undefined },
      live: read => Object.assign(live, { read }),
      oldest: read => Object.assign(live, { oldest: read }),
    },
  })

  function open(): void {
    const own: Session = { task: undefined as never, filling: [], isDirty: false, position: 0, hasEnded: false }
    session = own
    const handle: ShardHandle = {
      ...{ role: 'queue', shard: 0, ...NO_PAUSES, position: () => undefined, uncommittedForMs: () => 0 },
      write(records) {
        own.filling.push(...records)
        own.isDirty = true
      },
      assign(_topic, _partition, from) {
        own.position = from === 'earliest' ? 0 : from
      },
      unassign: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
      isHeld: () => !own.hasEnded,
      fail(error) {
        throw error
      },
    }
    own.task = processor.open(handle)
    for (const [key, value] of state)
      own.task.restore({
        ...{ topic: queuesState.name, partition: 0, offset: 0, timestampMs: 0, headers: {} },
        ...{ key: Buffer.from(key), value },
      })
    void own.task.start()
  }

  /** The records of one transaction. */
  function commit(): OutRecord[] {
    const records = [...session.filling, ...session.task.seal()]
    session.filling = []
    session.isDirty = false
    if (records.length > 0) transactions++
    for (const { topic, key, value, headers } of records)
      if (key === queueStateKeys.answers) {
        const decoded = queueAnswersCodec.decode(Buffer.from(value!))
        const isToAll = headers?.some(([name, to]) => name === ANSWERS_TO && to === TO_ALL)
        if (isToAll) handedOver.push(decoded.handedOverFrom)
        for (const { correlation, code, value: bytes, events: carried } of decoded.answers)
          answers.set(correlation, { code, value: JSON.parse(bytes.toString()), events: carried })
      } else if (topic === queuesState.name) {
        if (value === null) state.delete(String(key))
        else state.set(String(key), Buffer.from(value))
      } else if (topic === auditMeters.name) readings.push(...auditMetersCodec.decode(Buffer.from(value!)).readings)
      else if (topic === platformEmits.name) emits.push(platformEmitCodec.decode(Buffer.from(value!)))
    return records
  }

  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; ) {
      for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
      clock.advance(0)
      const unread = commands.slice(session.position)
      if (unread.length > 0) {
        session.position = commands.length
        session.task.receive(unread, commands.length, false)
      }
      const { isDirty } = session
      if (isDirty) commit()
      quiet = unread.length > 0 || isDirty ? 0 : quiet + 1
    }
  }

  function begin(queueId: string, call: QueueCall, body: object = {}): number {
    const correlation = ++lastCall
    const value = queueCommandCodec.encode({
      ...{ call, ...OWNER, queueId, process: 'api_x', correlation, deadlineMs: FAR_MS, controlOffset: -1 },
      body: Buffer.from(JSON.stringify(body)),
    })
    const place = { topic: queuesCommands.name, partition: 0, offset: commands.length, timestampMs: 0, headers: {} }
    commands.push({ ...place, key: Buffer.from(queueId), value })
    return correlation
  }

  /** The answer, which is there without any time passing. */
  async function ask<T>(queueId: string, call: QueueCall, body: object = {}): Promise<T> {
    const correlation = begin(queueId, call, body)
    await settle()
    const answer = answers.get(correlation)
    if (answer === undefined) throw new Error(`the call ${call} is not answered`)
    if (answer.code !== null) throw new Error(answer.code)
    return answer.value as T
  }

  control('organization', {
    ...{ id: OWNER.organizationId, organizationId: OWNER.organizationId, plan: 'ENTERPRISE', status: 'active' },
    ...{ partitions: 1, createdAt: new Date(0).toISOString(), testEnvironment: false, slug: 'a' },
  } as never)
  open()

  return {
    clock,
    state,
    /** The calls from which on each owner but the first carries them out. */
    handedOver,
    readings,
    emits,
    commands,
    live: () => live.read(),
    oldestS: () => live.oldest(),
    followers: () => followers.size,
    transactions: () => transactions,
    put(id: string, settings: Partial<QueueRecord> = {}): string {
      control('queue', queueRecord(id, settings))
      return id
    },
    /** All that is in the log now goes into the queue again. */
    replay(queueId: string, fields: Partial<Replay> = {}): string {
      const id = `rpl_${++controlOffset}`
      control('replay', replayRecord(id, queueId, clock.nowMs(), fields))
      return id
    },
    ends,
    /** Of the event at this offset. */
    eventId: (offset: number): string => String(events[offset]!.headers['event-id']),
    remove: (id: string) => control('queue', id),
    /** An event in the log, which those that follow it see at once. */
    emit(subject: string | null = null, type = 'shop.order'): number {
      const offset = events.length
      const facts = factsOf(OWNER, { type, recordedAtMs: clock.nowMs(), ...(subject && { subject }) }, offset + 1)
      const record: LogRecord = {
        ...{ topic: LOG, partition: 0, offset, timestampMs: clock.nowMs(), key: null },
        ...{ value: Buffer.from('{}'), headers: encoded(eventHeaders(facts, [])) },
      }
      events.push(record)
      const batch = { partition: 0, from: BigInt(offset), records: [record], nextOffset: BigInt(offset + 1) }
      for (const follower of [...followers]) follower.onBatch(batch)
      return offset
    },
    begin,
    ask,
    settle,
    /** Answers so far, by the number of the call. */
    answer: <T>(correlation: number) =>
      answers.get(correlation) as { code: string | null; value: T; events: CarriedEvent[] } | undefined,
    receive: (queueId: string, order: Partial<ReceiveBody> = {}) =>
      ask<ReceiveAnswer>(queueId, 'receive', { max: 10, waitMs: 0, perSubject: 1, ack: [], ...order }),
    settleClaims: (queueId: string, body: SettleBody) =>
      ask<{ results: Array<{ status: string; visibleAtMs?: number }> }>(queueId, 'settle', body),
    stats: (queueId: string) => ask<StatsAnswer>(queueId, 'stats'),
    /** Time passes, and what is due then is done. */
    async pass(ms: number): Promise<void> {
      clock.advance(ms)
      await settle()
    },
    /** Whether ends of replays can be written. */
    writable(is: boolean): void {
      isWritable = is
    },
    readable(is: boolean): void {
      isReadable = is
    },
    /** Everything that is not committed is gone; another owner goes on. */
    crash(): void {
      session.hasEnded = true
      session.task.close()
      open()
    },
    commit,
  }
}

const encoded = (headers: ReadonlyArray<[string, Buffer | string]>): Record<string, Buffer> =>
  Object.fromEntries(headers.map(([name, value]) => [name, Buffer.from(value)]))
