/**
 * Appends, one lane per broker, so that a broker that hangs delays nobody led elsewhere. While a request of a lane is under way the next one fills:
 * no linger timer. When a request is late the lane opens a further connection, up to four; a partition has one batch in flight at a time, so its
 * order and its sequence numbers hold. Each lane is a producer of its own, so what fails in one resets no other.
 */
import type { Clock, Timer } from '../../clock.ts'
import type { OutRecord, Place } from '../ports.ts'
import { encodedBytesMax } from '../protocol/encode-batch.ts'
import { RECORD_REFUSED } from '../protocol/error-codes.ts'
import { KafkaError, type Wire } from '../protocol/wire.ts'
import { AppendFailed } from './append-failed.ts'
import { COORDINATOR_NOT_NOW } from './repeat.ts'
import { asKafkaError, type BatchAnswer, backOffMs, loadLeaders, sendBatches } from './send-batches.ts'
import { createSequencedProducer, type EncodedBatch, type SequencedProducer } from './sequences.ts'
import { REQUEST_BYTES_MAX, SLICE_BYTES_MAX } from './slices.ts'

const CONNECTIONS_MAX = 4
/** Connections of a lane that partitions with slow followers may hold at the same time. */
const SLOW_CONNECTIONS_MAX = 2
/** A request without an answer for so long lets the next one go out on another connection. */
const LATE_MS = 200
const RECORDS_PER_REQUEST_MAX = 5_000
/** Changes of leader that a batch follows without a pause. */
const MOVES_MAX = 2
const PRODUCER_TIMEOUT_MS = 60_000

/** The batch waits for followers: what goes out with it waits for them as well. */
const SLOW: ReadonlySet<string> = new Set(['REQUEST_TIMED_OUT', 'NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'])
/** The batch was not appended, and its sequence numbers are free again. */
const NOT_APPENDED: ReadonlySet<string> = new Set([...RECORD_REFUSED, 'TOPIC_AUTHORIZATION_FAILED'])

interface Append {
  record: OutRecord
  /** When its caller is answered that it is not acknowledged. */
  dueAtMs: number
  resolve(place: Place): void
  reject(error: Error): void
}

/** One partition. */
interface Flow {
  topic: string
  partition: number
  /** Not sent yet. */
  waiting: Append[]
  /** Sent at least once, not acknowledged. */
  open: OpenBatch | undefined
  isInFlight: boolean
  /** It will be tried again after a pause. */
  isPausing: boolean
  tries: number
  isSlow: boolean
  lastError: KafkaError | undefined
}

interface OpenBatch extends EncodedBatch {
  /** Callers by the index of their record; undefined: answered already. */
  appends: Array<Append | undefined>
  producer: LaneProducer
  attempts: number
}

/** `isSpoiled`: some of its sequence numbers may be ahead of the log, no further batch gets one. */
interface LaneProducer extends SequencedProducer {
  isSpoiled: boolean
}

interface Request {
  sentAtMs: number
  isSlow: boolean
}

interface Lane {
  node: number
  producer: LaneProducer | undefined
  isOpening: boolean
  openingTries: number
  /** By the number of their connection. */
  requests: Array<Request | undefined>
  ready: Set<Flow>
  lateTimer: Timer | undefined
}

export interface Lanes {
  /** Rejects with `AppendFailed`. */
  append(record: OutRecord): Promise<Place>
  /** Appends that are neither acknowledged nor rejected. */
  outstanding(): number
}

export interface LanesDeps {
  wire: Pick<Wire, 'send' | 'cluster' | 'initProducerId'>
  clock: Clock
  /** How long an append is tried before it is rejected. */
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
  /** Whose leader is not known. */
  const unled = new Set<Flow>()
  let isLoading = false
  let isScheduled = false
  let touched = new Set<Flow>()
  let outstanding = 0
  let isDueTimed = false

  function append(record: OutRecord): Promise<Place> {
    const { topic, partition } = record
    return new Promise((resolve, reject) => {
      const key = `${topic}/${partition}`
      let flow = flows.get(key)
      if (!flow) {
        flow = {
          topic,
          partition,
          waiting: [],
          open: undefined,
          isInFlight: false,
          isPausing: false,
          tries: 0,
          isSlow: false,
          lastError: undefined,
        }
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

  /** Puts flows that have something to send into the lane of their leader. */
  function route(those: Iterable<Flow>): void {
    const filled = new Set<Lane>()
    for (const flow of those) {
      if (flow.isInFlight || flow.isPausing || isEmpty(flow)) continue
      const leader = cluster.leader(flow.topic, flow.partition)
      if (leader === undefined) unled.add(flow)
      else {
        const lane = laneOf(leader.node)
        lane.ready.add(flow)
        filled.add(lane)
      }
    }
    for (const lane of filled) pump(lane)
    if (unled.size > 0) void loadUnled()
  }

  function laneOf(node: number): Lane {
    let lane = lanes.get(node)
    if (!lane) {
      lane = { node, producer: undefined, isOpening: false, openingTries: 0, requests: [], ready: new Set(), lateTimer: undefined }
      lanes.set(node, lane)
    }
    return lane
  }

  async function loadUnled(): Promise<void> {
    if (isLoading) return
    isLoading = true
    const asked = [...unled]
    await loadLeaders(cluster, asked)
    isLoading = false
    const found: Flow[] = []
    for (const flow of asked) {
      unled.delete(flow)
      if (cluster.leader(flow.topic, flow.partition) !== undefined) found.push(flow)
      else later(flow, new KafkaError('LEADER_NOT_AVAILABLE', `${flow.topic}/${flow.partition} has no leader now`))
    }
    route(found)
    if (unled.size > 0) void loadUnled()
  }

  function later(flow: Flow, error: KafkaError): void {
    flow.lastError = error
    flow.isPausing = true
    flow.tries++
    clock.after(backOffMs(flow.tries), () => {
      flow.isPausing = false
      route([flow])
      forgetIfIdle(flow)
    })
  }

  /** Sends what may be sent now. */
  function pump(lane: Lane): void {
    if (lane.ready.size === 0) return
    if (lane.producer === undefined || lane.producer.isSpoiled) {
      void openProducer(lane)
      return
    }
    for (const isSlow of [false, true]) {
      const connection = freeConnection(lane, isSlow)
      if (connection === undefined) continue
      const taken = take(lane, lane.producer, isSlow)
      if (taken.length > 0) void request(lane, connection, taken)
    }
    if (lane.ready.size > 0) lookWhenLate(lane)
  }

  /** The number of the connection to use; undefined: wait. */
  function freeConnection({ requests }: Lane, isSlow: boolean): number | undefined {
    const underWay = requests.filter(each => each !== undefined)
    if (underWay.length >= CONNECTIONS_MAX) return undefined
    const nowMs = clock.monotonicMs()
    if (isSlow) {
      if (underWay.filter(each => each.isSlow).length >= SLOW_CONNECTIONS_MAX) return undefined
    } else if (underWay.some(each => !each.isSlow && nowMs - each.sentAtMs < LATE_MS)) return undefined
    const free = requests.indexOf(undefined)
    return free < 0 ? requests.length : free
  }

  function lookWhenLate(lane: Lane): void {
    if (lane.lateTimer || !lane.requests.some(each => each !== undefined)) return
    const nowMs = clock.monotonicMs()
    const sentAtMs = Math.max(...lane.requests.map(each => (each && !each.isSlow ? each.sentAtMs : Number.NEGATIVE_INFINITY)))
    const waitMs = sentAtMs + LATE_MS - nowMs
    // Late already, and all connections are in use: the next answer goes on.
    if (!(waitMs > 0)) return
    lane.lateTimer = clock.after(waitMs, () => {
      lane.lateTimer = undefined
      pump(lane)
    })
  }

  /** One batch of each flow that is ready, within the bounds of a request. */
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
      flow.open ??= nextBatch(flow, producer, RECORDS_PER_REQUEST_MAX - records)
      records += flow.open.records.length
      bytes += flow.open.batch.length
      taken.push(flow)
    }
    if (moved.length > 0) deps.atEndOfTurn(() => route(moved))
    return taken
  }

  function nextBatch(flow: Flow, producer: LaneProducer, recordsMax: number): OpenBatch {
    const { topic, partition, waiting } = flow
    let count = 0
    let bytesMax = 0
    for (; count < waiting.length && count < recordsMax; count++) {
      const more = encodedBytesMax(waiting[count]!.record)
      if (count > 0 && bytesMax + more > SLICE_BYTES_MAX) break
      bytesMax += more
    }
    const appends = count === waiting.length ? waiting : waiting.slice(0, count)
    flow.waiting = count === waiting.length ? [] : waiting.slice(count)
    const records = appends.map(each => each.record)
    return { ...producer.encode({ topic, partition, records, bytesMax }, clock.machineMs()), appends, producer, attempts: 0 }
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
    const unsure: Array<{ flow: Flow; error: KafkaError }> = []
    for (const answer of answers) {
      const flow = byBatch.get(answer.batch)!
      flow.isInFlight = false
      if (answer.error === undefined) acknowledge(flow, answer, isOnTime)
      else if (!answer.again) fail(flow, answer.batch, answer.error)
      else {
        flow.lastError = answer.error
        flow.isSlow ||= SLOW.has(answer.error.type)
        // Its callers have all been answered meanwhile.
        if (answer.batch.appends.every(each => each === undefined)) flow.open = undefined
        else if (!answer.moved) {
          unsure.push({ flow, error: answer.error })
          continue
        }
      }
      next.push(flow)
    }
    if (unsure.length > 0) void lookAgain(lane, unsure)
    route(next)
    for (const flow of next) forgetIfIdle(flow)
    pump(lane)
  }

  /** The leader may be elsewhere by now: then at once, otherwise after a pause. */
  async function lookAgain(lane: Lane, unsure: ReadonlyArray<{ flow: Flow; error: KafkaError }>): Promise<void> {
    for (const { flow } of unsure) flow.isPausing = true
    await loadLeaders(
      cluster,
      unsure.map(({ flow }) => flow),
    )
    for (const { flow, error } of unsure) {
      const leader = cluster.leader(flow.topic, flow.partition)
      // Brokers that name each other as the leader are not asked in turns without a pause.
      if (leader === undefined || leader.node === lane.node || flow.tries > MOVES_MAX) later(flow, error)
      else {
        flow.tries++
        flow.isPausing = false
        route([flow])
      }
    }
  }

  function acknowledge(flow: Flow, { batch, baseOffset, logAppendTimeMs }: BatchAnswer<OpenBatch>, isOnTime: boolean): void {
    flow.open = undefined
    flow.tries = 0
    if (isOnTime) flow.isSlow = false
    if (baseOffset < 0) {
      reject(batch, new KafkaError('DUPLICATE_SEQUENCE_NUMBER', 'the broker has the batch and does not say where'), true)
      return
    }
    batch.appends.forEach((each, index) => {
      if (each === undefined) return
      outstanding--
      each.resolve({ offset: baseOffset + index, timestampMs: logAppendTimeMs })
    })
  }

  function fail(flow: Flow, batch: OpenBatch, error: KafkaError): void {
    flow.open = undefined
    flow.tries = 0
    flow.lastError = undefined
    const isAbsent = NOT_APPENDED.has(error.type) && batch.attempts === 1
    if (isAbsent) batch.producer.takeBack(batch)
    else spoil(batch.producer, error)
    reject(batch, error, !isAbsent)
  }

  function reject(batch: OpenBatch, error: KafkaError, mayBeThere: boolean): void {
    batch.appends.forEach((each, index) => {
      if (each === undefined) return
      batch.appends[index] = undefined
      outstanding--
      each.reject(new AppendFailed(error, mayBeThere))
    })
  }

  /** Its sequence numbers may be ahead of the log: the next batch of its lane belongs to a new producer, which begins at zero. */
  function spoil(producer: LaneProducer, error: KafkaError): void {
    if (producer.isSpoiled) return
    producer.isSpoiled = true
    for (const lane of lanes.values()) if (lane.producer === producer) deps.onNewProducer?.(lane.node, error)
  }

  async function openProducer(lane: Lane): Promise<void> {
    if (lane.isOpening) return
    lane.isOpening = true
    try {
      const identity = await wire.initProducerId(null, PRODUCER_TIMEOUT_MS)
      lane.producer = { ...createSequencedProducer(identity, false), isSpoiled: false }
      lane.openingTries = 0
      lane.isOpening = false
      pump(lane)
    } catch (thrown) {
      const error = asKafkaError(thrown)
      if (!COORDINATOR_NOT_NOW.has(error.type)) refuseAll(lane, error)
      for (const flow of lane.ready) flow.lastError = error
      lane.openingTries++
      clock.after(backOffMs(lane.openingTries), () => {
        lane.isOpening = false
        pump(lane)
      })
    }
  }

  /** Without a producer nothing can be sent, and it is not a matter of time. */
  function refuseAll(lane: Lane, error: KafkaError): void {
    for (const flow of lane.ready) {
      if (flow.open) reject(flow.open, error, true)
      flow.open = undefined
      for (const each of flow.waiting.splice(0)) {
        outstanding--
        each.reject(new AppendFailed(error, false))
      }
      forgetIfIdle(flow)
    }
    lane.ready.clear()
  }

  function expireIn(delayMs: number): void {
    if (isDueTimed) return
    isDueTimed = true
    clock.after(delayMs, expire)
  }

  /** Answers the callers whose time is over. */
  function expire(): void {
    isDueTimed = false
    const nowMs = clock.monotonicMs()
    let nextAtMs = Number.POSITIVE_INFINITY
    for (const flow of flows.values()) {
      nextAtMs = Math.min(nextAtMs, expireFlow(flow, nowMs))
      forgetIfIdle(flow)
    }
    if (nextAtMs < Number.POSITIVE_INFINITY) expireIn(nextAtMs - nowMs)
  }

  /** Answers when the next one of it is due. */
  function expireFlow(flow: Flow, nowMs: number): number {
    const { open } = flow
    const error = flow.lastError ?? new KafkaError('REQUEST_TIMEOUT', `no broker has acknowledged ${flow.topic}/${flow.partition} in time`)
    let nextAtMs = Number.POSITIVE_INFINITY
    open?.appends.forEach((each, index) => {
      if (each === undefined) return
      if (each.dueAtMs > nowMs) nextAtMs = Math.min(nextAtMs, each.dueAtMs)
      else {
        open.appends[index] = undefined
        outstanding--
        each.reject(new AppendFailed(error, true))
      }
    })
    // Nobody waits for the batch any more. One in flight keeps its partition until its request is answered, so that order holds.
    if (open?.appends.every(each => each === undefined)) {
      spoil(open.producer, error)
      if (!flow.isInFlight) flow.open = undefined
    }
    const due = flow.waiting.findIndex(each => each.dueAtMs > nowMs)
    for (const each of flow.waiting.splice(0, due < 0 ? flow.waiting.length : due)) {
      outstanding--
      each.reject(new AppendFailed(error, false))
    }
    return Math.min(nextAtMs, flow.waiting[0]?.dueAtMs ?? Number.POSITIVE_INFINITY)
  }

  function forgetIfIdle(flow: Flow): void {
    if (isEmpty(flow) && !flow.isInFlight && !flow.isPausing && !flow.isSlow) flows.delete(`${flow.topic}/${flow.partition}`)
  }

  return { append, outstanding: () => outstanding }
}

const isEmpty = ({ open, waiting }: Flow) => open === undefined && waiting.length === 0
