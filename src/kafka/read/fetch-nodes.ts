/**
 * The fetch sessions of a reader: with each broker one for busy partitions, and others for partitions that have been
 * quiet for a while. A broker checks all partitions of a session, twice for each batch that is appended to one of them;
 * with one session for all, an emit of one organization would cost a check of the topics of all. For the same reason a
 * quiet session has a maximum size: waking it costs a check of all its partitions.
 *
 *     busy ──no records for quietAfterMs──► quiet, in the first session with room ──records──► busy
 *
 * A partition moves with the next request of its new session, and is read in the old one until then, so that none
 * waits.
 */
import type { Clock } from '../../clock.ts'
import { createFetchSession, type FetchSession } from './fetch-session.ts'
import type { Reading } from './reading.ts'

/** The interval at which partitions that have become quiet are looked for. */
const SWEEP_MS = 1_000
const BUSY_LANE = 'busy'

/** A session with a broker, and how to wake its loop when there is something to fetch again. */
export interface FetchNode {
  readonly session: FetchSession
  readonly isQuiet: boolean
  /** The lane of its connection to the broker: a long poll would block later requests. */
  readonly lane: string
  wake: (() => void) | undefined
  /** Partitions that move here with the next request. */
  readonly incoming: Map<string, Reading>
  /** Placed here, and not answered yet. */
  readonly unproven: Map<string, Reading>
  sweptAtMs: number
}

export interface FetchNodes {
  /** The busy session of a broker, where a partition begins. */
  at(nodeId: number): FetchNode
  /** The session that reads a partition now. */
  of(key: string): FetchNode | undefined
  /** Lets partitions of this busy session that have long been quiet move. */
  sweep(node: FetchNode): void
  /** A quiet partition has had records: it is busy from the next request on. */
  wakeUp(node: FetchNode, key: string, reading: Reading): void
  /**
   * Called before each request: partitions that move here are read here from now on, and later records from the other
   * session are ignored.
   */
  takeOver(node: FetchNode): void
  wakeAll(): void
}

export function createFetchNodes(deps: {
  clock: Clock
  quietAfterMs: number
  /** With at most this many partitions there are no quiet ones. */
  busyMin: number
  /** Whether a partition is still read by this session. */
  isRead(key: string, reading: Reading): boolean
  /** Maximum partitions of a quiet session. */
  quietMax: number
  /** A session was created: its loop may begin. */
  onNode(node: FetchNode): void
}): FetchNodes {
  const { clock, quietAfterMs, busyMin, quietMax } = deps
  const busy = new Map<number, FetchNode>()
  const quiet = new Map<number, FetchNode[]>()

  function make(id: number, lane: string): FetchNode {
    const node: FetchNode = {
      session: createFetchSession(id),
      isQuiet: lane !== BUSY_LANE,
      lane,
      wake: undefined,
      incoming: new Map(),
      unproven: new Map(),
      sweptAtMs: clock.monotonicMs(),
    }
    deps.onNode(node)
    return node
  }

  function busyOf(id: number): FetchNode {
    const node = busy.get(id) ?? make(id, BUSY_LANE)
    busy.set(id, node)
    return node
  }

  function* all(): Iterable<FetchNode> {
    yield* busy.values()
    for (const nodes of quiet.values()) yield* nodes
  }

  function of(key: string): FetchNode | undefined {
    for (const node of all()) if (node.session.has(key)) return node
    return undefined
  }

  function quietWithRoom(id: number): FetchNode {
    const nodes = quiet.get(id) ?? []
    quiet.set(id, nodes)
    let node = nodes.find(({ session, incoming }) => session.size + incoming.size < quietMax)
    if (!node) {
      node = make(id, `quiet-${nodes.length}`)
      nodes.push(node)
    }
    return node
  }

  return {
    at: busyOf,
    of,
    sweep(node) {
      const { session } = node
      const nowMs = clock.monotonicMs()
      if (session.size <= busyMin || nowMs - node.sweptAtMs < Math.min(SWEEP_MS, quietAfterMs)) return
      node.sweptAtMs = nowMs
      const leaving = new Set(quiet.get(session.nodeId)?.flatMap(({ incoming }) => [...incoming.keys()]))
      for (const [key, reading] of session.readings()) {
        // A paused partition costs the broker nothing, and must go on at once when it is resumed.
        if (reading.isPaused || nowMs - reading.activeAtMs <= quietAfterMs || leaving.has(key)) continue
        const to = quietWithRoom(session.nodeId)
        to.incoming.set(key, reading)
        to.wake?.()
      }
    },
    wakeUp(node, key, reading) {
      const to = busyOf(node.session.nodeId)
      to.incoming.set(key, reading)
      to.wake?.()
    },
    takeOver(node) {
      for (const [key, reading] of node.incoming) {
        const from = of(key)
        if (!from || from === node || from.session.nodeId !== node.session.nodeId || !deps.isRead(key, reading))
          continue
        from.session.remove(key)
        node.session.add(key, reading)
      }
      node.incoming.clear()
    },
    wakeAll() {
      for (const node of all()) node.wake?.()
    },
  }
}
