/**
 * The sessions of a reader with its brokers: with each broker one for what is busy, and another for what has been quiet for a while. A broker looks
 * through all partitions of a session, twice for each batch that is appended to one of them; without the second session an emit of one organization
 * would cost a look at the topics of all.
 *
 *     busy ──no records for quietAfterMs──► quiet ──records──► busy
 *
 * A partition moves with the next request of the session that it moves to, and is read in the old one until then, so that none waits.
 */
import type { Clock } from '../clock.ts'
import { createFetchSession, type FetchSession, type Reading } from './fetch-session.ts'

/** How often it is looked for partitions that have become quiet. */
const SWEEP_MS = 1_000

/** A session with a broker, and how to wake its loop when there is something to ask for again. */
export interface FetchNode {
  readonly session: FetchSession
  readonly isQuiet: boolean
  wake: (() => void) | undefined
  /** What moves here with the next request. */
  readonly incoming: Map<string, Reading>
  sweptAtMs: number
}

export interface FetchNodes {
  /** The busy one of a broker, which is where a partition begins. */
  at(nodeId: number): FetchNode
  /** Where a partition is read now. */
  of(key: string): FetchNode | undefined
  /** Lets what has long been quiet in this busy one move. */
  sweep(node: FetchNode): void
  /** A quiet one has had records: it is busy from the next request on. */
  wakeUp(node: FetchNode, key: string, reading: Reading): void
  /** Before each request: what moves here is read here from now on, and what the other session may still bring of it does not count. */
  takeOver(node: FetchNode): void
  wakeAll(): void
}

export function createFetchNodes(deps: {
  clock: Clock
  quietAfterMs: number
  /** With as many partitions or fewer there are no quiet ones. */
  busyMin: number
  /** Whether a partition is still read, and by this. */
  isRead(key: string, reading: Reading): boolean
  /** A session has been made: its loop may begin. */
  onNode(node: FetchNode): void
}): FetchNodes {
  const { clock, quietAfterMs, busyMin } = deps
  const nodes = new Map<string, FetchNode>()

  function nodeOf(id: number, isQuiet: boolean): FetchNode {
    const name = `${id}/${isQuiet ? 'quiet' : 'busy'}`
    const known = nodes.get(name)
    if (known) return known
    const node: FetchNode = {
      session: createFetchSession(id),
      isQuiet,
      wake: undefined,
      incoming: new Map(),
      sweptAtMs: clock.monotonicMs(),
    }
    nodes.set(name, node)
    deps.onNode(node)
    return node
  }

  function of(key: string): FetchNode | undefined {
    for (const node of nodes.values()) if (node.session.has(key)) return node
    return undefined
  }

  const other = ({ session, isQuiet }: FetchNode) => nodeOf(session.nodeId, !isQuiet)

  return {
    at: nodeId => nodeOf(nodeId, false),
    of,
    sweep(node) {
      const { session } = node
      const nowMs = clock.monotonicMs()
      if (session.size <= busyMin || nowMs - node.sweptAtMs < Math.min(SWEEP_MS, quietAfterMs)) return
      node.sweptAtMs = nowMs
      const quiet = other(node)
      for (const [key, reading] of session.readings()) if (nowMs - reading.activeAtMs > quietAfterMs) quiet.incoming.set(key, reading)
      if (quiet.incoming.size > 0) quiet.wake?.()
    },
    wakeUp(node, key, reading) {
      const busy = other(node)
      busy.incoming.set(key, reading)
      busy.wake?.()
    },
    takeOver(node) {
      for (const [key, reading] of node.incoming) {
        const from = of(key)
        if (!from || from === node || from.session.nodeId !== node.session.nodeId || !deps.isRead(key, reading)) continue
        from.session.remove(key)
        node.session.add(key, reading)
      }
      node.incoming.clear()
    },
    wakeAll() {
      for (const node of nodes.values()) node.wake?.()
    },
  }
}
