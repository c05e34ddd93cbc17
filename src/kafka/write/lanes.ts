/**
 * Appends, one lane per broker, so that a broker that hangs delays no partition of another. While a request of a lane
 * is in flight the next one fills: no linger timer. When a request is late the lane opens a further connection, up to
 * four; a partition has one batch in flight at a time, which preserves its order and its sequence numbers. Each lane is
 * a producer of its own, so a failure in one resets no other.
 */
import type { Clock } from '../../clock.ts'
import type { LogPosition, OutRecord } from '../ports.ts'
import { RECORD_REFUSED } from '../protocol/error-codes.ts'
import { KafkaError, type Wire } from '../protocol/wire.ts'
import {
  acknowledgeBatch,
  createFlow,
  expireFlow,
  type Flow,
  isAnswered,
  isEmpty,
  isIdle,
  type LaneProducer,
  nextBatch,
  type OpenBatch,
  rejectBatch,
  rejectWaiting,
} from './flow.ts'
import { createLane, createLaneProducers, type Lane } from './lane.ts'
import { freeConnection, LATE_MS, lateIn } from './lane-connections.ts'
import { createLeaderSearch, type Unsure } from './leader-search.ts'
import { type BatchAnswer, sendBatches } from './send-batches.ts'
import { REQUEST_BYTES_MAX } from './slices.ts'

const RECORDS_PER_REQUEST_MAX = 5_000

/** The batch waits for followers: batches sent together with it wait for them as well. */
const SLOW: ReadonlySet<string> = new Set([
  'REQUEST_TIMED_OUT',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
])
/** The batch was not appended, and its sequence numbers are free again. */
const NOT_APPENDED: ReadonlySet<string> = new Set([...RECORD_REFUSED, 'TOPIC_AUTHORIZATION_FAILED'])

export interface Lanes {
  /** Rejects with `AppendFailed`. */
  append(record: OutRecord): Promise<LogPosition>
  /** Appends that are neither acknowledged nor rejected. */
  outstanding(): number
}

export interface LanesDeps {
  wire: Pick<Wire, 'send' | 'cluster' | 'initProducerId'>
  clock: Clock
  /** How long an append is retried before it is rejected. */
  persistMs: number
  /** Runs once all appends of this turn of the event loop have been made. */
  atEndOfTurn(callback: () => void): void
  onNewProducer?(node: number, error: KafkaError): void
}

export function createLanes(deps: LanesDeps): Lanes {
  const { wire, clock, persistMs } = deps
  const { cluster } = wire
  const flows = new Map<string, Flow>()
  const lanes = new Map<number, Lane>()
  const leaders = createLeaderSearch({
    cluster,
    clock,
    route(flowsToSend) {
      route(flowsToSend)
      for (const flow of flowsToSend) forgetIfIdle(flow)
    },
  })
  const producers = createLaneProducers({
    wire,
    clock,
    lanes,
    onOpen: pump,
    onRefused: refuseAll,
    onNewProducer: deps.onNewProducer,
  })
  let isScheduled = false
  let touched = new Set<Flow>()
  let outstanding = 0
  let isDueTimed = false

  function append(record: OutRecord): Promise<LogPosition> {
    const { topic, partition } = record
    return new Promise((resolve, reject) => {
      const key = `${topic}/${partition}`
      let flow = flows.get(key)
      if (!flow) {
        flow = createFlow(topic, partition)
        flows.set(key, flow)
      }
      flow.waiting.push({ record, dueAtMs: clock.monotonicMs() + persistMs, resolve, reject })
      outstanding++
      expireIn(persistMs)
      touched.add(flow)
      if (isScheduled) return
      isScheduled = true
      deps.atEndOfTurn(() => {
        isScheduled = false
        const those = touched
        touched = new Set()
        route(those)
      })
    })
  }

  /** Puts flows with waiting appends into the lane of their leader. */
  function route(those: Iterable<Flow>): void {
    const filled = new Set<Lane>()
    for (const flow of those) {
      if (flow.isInFlight || flow.isPausing || isEmpty(flow)) continue
      const leader = cluster.leader(flow.topic, flow.partition)
      if (leader === undefined) leaders.add(flow)
      else {
        const lane = laneOf(leader.node)
        lane.ready.add(flow)
        filled.add(lane)
      }
    }
    for (const lane of filled) pump(lane)
    leaders.load()
  }

  function laneOf(node: number): Lane {
    let lane = lanes.get(node)
    if (!lane) {
      lane = createLane(node)
      lanes.set(node, lane)
    }
    return lane
  }

  /** Sends as much as may be sent now. */
  function pump(lane: Lane): void {
    if (lane.ready.size === 0) return
    if (lane.producer === undefined || lane.producer.isSpoiled) {
      void producers.open(lane)
      return
    }
    for (const isSlow of [false, true]) {
      const connection = freeConnection(lane.requests, isSlow, clock.monotonicMs())
      if (connection === undefined) continue
      const taken = take(lane, lane.producer, isSlow)
      if (taken.length > 0) void request(lane, connection, taken)
    }
    if (lane.ready.size > 0) lookWhenLate(lane)
  }

  function lookWhenLate(lane: Lane): void {
    if (lane.lateTimer || !lane.requests.some(each => each !== undefined)) return
    const waitMs = lateIn(lane.requests, clock.monotonicMs())
    // Late already, and all connections are in use: the next answer resumes the lane.
    if (waitMs === undefined) return
    lane.lateTimer = clock.after(waitMs, () => {
      lane.lateTimer = undefined
      pump(lane)
    })
  }

  /** One batch of each flow that is ready, within the limits of a request. */
  function take(lane: Lane, producer: LaneProducer, isSlow: boolean): Flow[] {
    const taken: Flow[] = []
    const moved: Flow[] = []
    let records = 0
    let bytes = 0
    for (const flow of lane.ready) {
      if (flow.isSlow !== isSlow) continue
      if (records >= RECORDS_PER_REQUEST_MAX || bytes >= REQUEST_BYTES_MAX) break
      lane.ready.delete(flow)
      if (isEmpty(flow)) continue
      if (cluster.leader(flow.topic, flow.partition)?.node !== lane.node) {
        moved.push(flow)
        continue
      }
      flow.open ??= nextBatch(flow, producer, RECORDS_PER_REQUEST_MAX - records, clock.machineMs())
      records += flow.open.records.length
      bytes += flow.open.batch.length
      taken.push(flow)
    }
    if (moved.length > 0) deps.atEndOfTurn(() => route(moved))
    return taken
  }

  async function request(lane: Lane, connection: number, taken: Flow[]): Promise<void> {
    const isSlow = taken[0]!.isSlow
    const sentAtMs = clock.monotonicMs()
    lane.requests[connection] = { sentAtMs, isSlow }
    const byBatch = new Map<OpenBatch, Flow>()
    for (const flow of taken) {
      flow.isInFlight = true
      flow.open!.attempts++
      byBatch.set(flow.open!, flow)
    }
    const how = { transactionalId: null, version: 11, lane: `append-${connection}` } as const
    const answers = await sendBatches(wire, lane.node, [...byBatch.keys()], how)
    lane.requests[connection] = undefined
    const isOnTime = clock.monotonicMs() - sentAtMs < LATE_MS
    const next: Flow[] = []
    const unsure: Unsure[] = []
    for (const answer of answers) {
      const flow = byBatch.get(answer.batch)!
      flow.isInFlight = false
      if (answer.error === undefined) acknowledge(flow, answer, isOnTime)
      else if (!answer.again) fail(flow, answer.batch, answer.error)
      else {
        flow.lastError = answer.error
        flow.isSlow ||= SLOW.has(answer.error.type)
        // Its callers have all been answered meanwhile.
        if (isAnswered(answer.batch)) flow.open = undefined
        else if (!answer.moved) {
          unsure.push({ flow, error: answer.error })
          continue
        }
      }
      next.push(flow)
    }
    if (unsure.length > 0) void leaders.lookAgain(lane.node, unsure)
    route(next)
    for (const flow of next) forgetIfIdle(flow)
    pump(lane)
  }

  function acknowledge(
    flow: Flow,
    { batch, baseOffset, logAppendTimeMs }: BatchAnswer<OpenBatch>,
    isOnTime: boolean,
  ): void {
    flow.open = undefined
    flow.tries = 0
    if (isOnTime) flow.isSlow = false
    if (baseOffset < 0) {
      const error = new KafkaError('DUPLICATE_SEQUENCE_NUMBER', 'the broker has the batch and does not say where')
      outstanding -= rejectBatch(batch, error, true)
      return
    }
    outstanding -= acknowledgeBatch(batch, baseOffset, logAppendTimeMs)
  }

  function fail(flow: Flow, batch: OpenBatch, error: KafkaError): void {
    flow.open = undefined
    flow.tries = 0
    flow.lastError = undefined
    const isAbsent = NOT_APPENDED.has(error.type) && batch.attempts === 1
    if (isAbsent) batch.producer.takeBack(batch)
    else producers.spoil(batch.producer, error)
    outstanding -= rejectBatch(batch, error, !isAbsent)
  }

  /** Nothing can be sent without a producer, and waiting does not help. */
  function refuseAll(lane: Lane, error: KafkaError): void {
    for (const flow of lane.ready) {
      if (flow.open) outstanding -= rejectBatch(flow.open, error, true)
      flow.open = undefined
      outstanding -= rejectWaiting(flow, flow.waiting.length, error)
      forgetIfIdle(flow)
    }
    lane.ready.clear()
  }

  function expireIn(delayMs: number): void {
    if (isDueTimed) return
    isDueTimed = true
    clock.after(delayMs, expire)
  }

  /** Rejects the appends whose deadline has passed. */
  function expire(): void {
    isDueTimed = false
    const nowMs = clock.monotonicMs()
    let nextAtMs = Number.POSITIVE_INFINITY
    for (const flow of flows.values()) {
      const { open } = flow
      const expired = expireFlow(flow, nowMs)
      outstanding -= expired.answered
      if (open && expired.isBatchOver) producers.spoil(open.producer, expired.error)
      nextAtMs = Math.min(nextAtMs, expired.nextAtMs)
      forgetIfIdle(flow)
    }
    if (nextAtMs < Number.POSITIVE_INFINITY) expireIn(nextAtMs - nowMs)
  }

  function forgetIfIdle(flow: Flow): void {
    if (isIdle(flow)) flows.delete(`${flow.topic}/${flow.partition}`)
  }

  return { append, outstanding: () => outstanding }
}
