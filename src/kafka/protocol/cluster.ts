/**
 * Brokers, leaders with their epochs, topic ids: only of the topics that some caller loads, never of all. A leader is
 * replaced by one with a higher epoch only, so the answer of a broker that is behind undoes nothing. Pure state: `ask`
 * makes the requests.
 */
import type { Clock, Timer } from '../../clock.ts'
import { type Ailing, ailmentOf } from './ailing.ts'
import type { BrokerAddress, MetadataAnswer } from './metadata-requests.ts'
import { type LeaderOf, newest, type PartitionInfo, sameLeaders, type TopicInfo } from './topic-info.ts'

export type { LeaderOf, PartitionInfo, TopicInfo } from './topic-info.ts'

/** One per process and cluster settings, shared by all wires. */
export interface ClusterMap {
  /** Without a request. */
  known(topic: string): TopicInfo | undefined
  /** Undefined: not known, or there is none now. */
  leader(topic: string, partition: number): LeaderOf | undefined
  /**
   * Requests those that are unknown or stale, together with others; resolves also where a topic or a partition has an
   * error.
   */
  load(topics: Iterable<string>): Promise<void>
  /** The next load requests it again; the known state stays until then. */
  stale(topic: string): void
  /** The leader hint of an answer (KIP-951). True when it is newer than the known leader. */
  moved(topic: string, partition: number, to: LeaderOf & { host?: string; port?: number }): boolean
  /** A request to this broker timed out or its connection broke: others are preferred for 5 s. */
  suspect(node: number): void
  isSuspect(node: number): boolean
  /** The advertised addresses of all brokers that were ever named. */
  addresses(): ReadonlyArray<{ host: string; port: number }>
  /** Partitions of loaded topics without a leader, or with too few in-sync replicas: refreshed every five seconds. */
  ailing(): Ailing[]
}

/** The map as the connections beside it see it. */
export interface ClusterState extends ClusterMap {
  /** The address of a broker; undefined when it was never named. */
  address(node: number): { host: string; port: number } | undefined
  /** A broker as an answer named it. */
  learn(broker: BrokerAddress): void
  /** Merges a broker's answer. A topic that became stale since `requestedAtMs` (monotonic) stays stale. */
  accept(answer: MetadataAnswer, requestedAtMs: number): void
  /** Node ids of the last answer. */
  brokers(): readonly number[]
  /** Stops its own refreshes. */
  close(): void
}

const SUSPECT_MS = 5_000
/** Entries older than this are refreshed in the background. */
const OLD_MS = 300_000
/** The same where a partition has no leader, or too few in-sync replicas; the map then refreshes by itself. */
const AILING_MS = 5_000
const TOPICS_PER_REQUEST = 500
/** Pauses between requests for a topic whose answers bring nothing new; the first ones go out at once. */
const PAUSE_MS = { first: 50, longest: 1_000 }
const QUICK_TRIES = 2
const NEVER = Number.NEGATIVE_INFINITY

/** An unchanged answer after this long starts no pauses. */
const CALM_MS = 5_000

interface Entry {
  info: TopicInfo
  /** Marked then, and not requested since; monotonic. */
  staleAtMs: number
  requestedAtMs: number
  /** Consecutive answers that brought nothing new. */
  unchanged: number
  /** The number of broken connections when its leaders were last checked for that. */
  seenBreaks: number
}

interface Asking {
  /** Sent, so that topics that become stale from now on need another request. */
  isSent: boolean
  done: Promise<void>
}

interface Round extends Asking {
  topics: Set<string>
  resolve(): void
  reject(error: unknown): void
}

export function createClusterMap(deps: {
  clock: Clock
  /**
   * Asks some broker; rejects when none answers. `isRepeated`: the last answer brought nothing new, another broker may
   * know more.
   */
  ask(topics: string[], isRepeated: boolean): Promise<MetadataAnswer>
}): ClusterState {
  const { clock } = deps
  const entries = new Map<string, Entry>()
  const addresses = new Map<number, { host: string; port: number }>()
  const advertised = new Map<string, { host: string; port: number }>()
  let listed: number[] = []
  const suspects = new Map<number, { untilMs: number; atMs: number }>()
  let breaks = 0
  /** By topic: the request that is bringing it, or will. */
  const asking = new Map<string, Asking>()
  /** Requests to send in sequence; `next` takes further topics. */
  const rounds: Round[] = []
  let next: Round | undefined
  let isRunning = false

  function learn({ nodeId, host, port }: BrokerAddress): void {
    const known = addresses.get(nodeId)
    if (known?.host === host && known.port === port) return
    addresses.set(nodeId, { host, port })
    advertised.set(`${host}:${port}`, { host, port })
  }

  function accept({ brokers, topics }: MetadataAnswer, requestedAtMs: number): void {
    for (const broker of brokers) learn(broker)
    if (brokers.length > 0) listed = brokers.map(({ nodeId }) => nodeId)
    for (const topic of topics) acceptTopic(topic, requestedAtMs)
  }

  function acceptTopic({ topic, id, errorCode, partitions }: TopicInfo, requestedAtMs: number): void {
    const before = entries.get(topic)
    const info = { topic, id, errorCode, partitions: before ? newest(before.info, { id, partitions }) : partitions }
    const isSame =
      before !== undefined && sameLeaders(before.info, info) && requestedAtMs - before.requestedAtMs < CALM_MS
    const staleAtMs = before !== undefined && before.staleAtMs > requestedAtMs ? before.staleAtMs : NEVER
    const entry = { info, staleAtMs, requestedAtMs, unchanged: isSame ? before.unchanged + 1 : 0, seenBreaks: -1 }
    entries.set(topic, entry)
    if (isAiling(entry)) watchAiling()
  }

  /** Whether the connection to one of its leaders has broken since the topic was requested. */
  function isLedByBroken(entry: Entry): boolean {
    if (entry.seenBreaks === breaks) return false
    if (entry.info.partitions.some(({ leader }) => (suspects.get(leader)?.atMs ?? NEVER) > entry.requestedAtMs))
      return true
    entry.seenBreaks = breaks
    return false
  }

  /** `now`: a caller waits for it. `soon`: none does. */
  function need(entry: Entry | undefined): 'now' | 'soon' | 'no' {
    if (!entry) return 'now'
    const sinceMs = clock.monotonicMs() - entry.requestedAtMs
    if (entry.unchanged > QUICK_TRIES) {
      const pauseMs = Math.min(PAUSE_MS.first * 2 ** (entry.unchanged - QUICK_TRIES - 1), PAUSE_MS.longest)
      if (sinceMs < pauseMs) return 'no'
    }
    const { errorCode, partitions } = entry.info
    if (entry.staleAtMs > NEVER || errorCode !== 0 || partitions.length === 0 || isLedByBroken(entry)) return 'now'
    if (partitions.every(({ leader }) => leader < 0)) return 'now'
    if (sinceMs > OLD_MS) return 'soon'
    return sinceMs >= AILING_MS && isAiling(entry) ? 'soon' : 'no'
  }

  const isAiling = ({ info }: Entry): boolean => info.partitions.some(each => ailmentOf(each) !== undefined)

  let watching: Timer | undefined
  let isClosed = false

  /** Operators do not rely on this state, and need not wait for long. */
  function watchAiling(): void {
    if (isClosed) return
    watching ??= clock.after(AILING_MS, () => {
      watching = undefined
      const ailing = [...entries.values()].filter(isAiling)
      if (ailing.length === 0) return
      for (const entry of ailing)
        if (clock.monotonicMs() - entry.requestedAtMs >= AILING_MS) void askFor(entry.info.topic)
      watchAiling()
    })
  }

  function askFor(topic: string): Promise<void> {
    const known = asking.get(topic)
    if (known && !(known.isSent && (entries.get(topic)?.staleAtMs ?? NEVER) > NEVER)) return known.done
    if (!next || next.topics.size >= TOPICS_PER_REQUEST) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      promise.catch(() => undefined)
      const round: Round = { isSent: false, done: promise, topics: new Set(), resolve, reject }
      rounds.push(round)
      next = round
    }
    next.topics.add(topic)
    asking.set(topic, next)
    if (!isRunning) {
      isRunning = true
      // Calls of one turn of the event loop share a request.
      queueMicrotask(() => void run())
    }
    return next.done
  }

  async function run(): Promise<void> {
    for (let round = rounds.shift(); round !== undefined; round = rounds.shift()) {
      if (round === next) next = undefined
      round.isSent = true
      const topics = [...round.topics]
      // Marks made while the request is under way concern changes that its answer does not contain.
      for (const topic of topics) {
        const entry = entries.get(topic)
        if (entry) entry.staleAtMs = NEVER
      }
      const requestedAtMs = clock.monotonicMs()
      try {
        const isRepeated = topics.some(topic => (entries.get(topic)?.unchanged ?? 0) > 0)
        accept(await deps.ask(topics, isRepeated), requestedAtMs)
        release(round)
        round.resolve()
      } catch (error) {
        for (const topic of topics) stale(topic)
        release(round)
        round.reject(error)
      }
    }
    isRunning = false
  }

  function release(round: Round): void {
    for (const topic of round.topics) if (asking.get(topic) === round) asking.delete(topic)
  }

  function stale(topic: string): void {
    const entry = entries.get(topic)
    if (entry) entry.staleAtMs = clock.monotonicMs()
  }

  const partitionOf = (topic: string, partition: number): PartitionInfo | undefined => {
    const partitions = entries.get(topic)?.info.partitions
    const atItsPlace = partitions?.[partition]
    return atItsPlace?.partition === partition ? atItsPlace : partitions?.find(each => each.partition === partition)
  }

  return {
    known: topic => entries.get(topic)?.info,
    leader(topic, partition) {
      const found = partitionOf(topic, partition)
      return found && found.leader >= 0 ? { node: found.leader, epoch: found.leaderEpoch } : undefined
    },
    async load(topics) {
      let waitFor: Set<Promise<void>> | undefined
      for (const topic of topics) {
        const how = need(entries.get(topic))
        if (how === 'no') continue
        const done = askFor(topic)
        if (how !== 'now') continue
        waitFor ??= new Set()
        waitFor.add(done)
      }
      if (waitFor) await Promise.all(waitFor)
    },
    stale,
    moved(topic, partition, { node, epoch, host, port }) {
      if (host !== undefined && port !== undefined) learn({ nodeId: node, host, port })
      const found = partitionOf(topic, partition)
      if (!found || epoch <= found.leaderEpoch) return false
      const { partitions } = entries.get(topic)!.info
      partitions[partitions.indexOf(found)] = { ...found, leader: node, leaderEpoch: epoch }
      return true
    },
    suspect(node) {
      const nowMs = clock.monotonicMs()
      breaks++
      suspects.set(node, { untilMs: nowMs + SUSPECT_MS, atMs: nowMs })
    },
    isSuspect: node => (suspects.get(node)?.untilMs ?? 0) > clock.monotonicMs(),
    ailing: () =>
      [...entries.values()].flatMap(({ info: { topic, partitions } }) =>
        partitions.flatMap(each => {
          const ailment = ailmentOf(each)
          return ailment === undefined ? [] : [{ topic, partition: each.partition, ailment }]
        }),
      ),
    addresses: () => [...advertised.values()],
    address: node => addresses.get(node),
    learn,
    accept,
    brokers: () => listed,
    close() {
      isClosed = true
      watching?.cancel()
    },
  }
}
