/**
 * All open streams of an api process: how many an organization may have, whose they are, and when they end. Nothing runs
 * while there are none.
 *
 *     reserve ──► prepare (place in the log) ──► open (socket) ──► start (reader) ──► end
 */
import type { OpenStream } from '../../../topics/streams-presence.ts'
import type { Clock, Random, Timer } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { ClarionError, CODES } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import { planOf } from '../../model/plans.ts'
import type { Kind } from '../../model/records.ts'
import { holdsScope } from '../../model/scopes.ts'
import { runAs } from '../../process/work.ts'
import { createBudget } from './budget.ts'
import { type ConnectionTimings, createConnection, TIMINGS } from './connection.ts'
import type { Frames } from './frames.ts'
import type { StreamHub, StreamLimits } from './hub-calls.ts'
import { isOfSession, isOlderSibling, isReplacedBy, presentConnection } from './open-connections.ts'
import { createPeerWatch } from './peer-watch.ts'
import type { Connection, ConnectionFacts, Sink, StreamMeter, Subscriber } from './ports.ts'
import { SESSION_STREAMS_MAX } from './ports.ts'
import type { Presence } from './presence.ts'
import { type ReadUnacknowledged, readUnacknowledged } from './unacknowledged.ts'

export interface HubDeps {
  view: ControlView
  clock: Clock
  random: Random
  ids: Ids
  logger: Logger
  meter: StreamMeter
  presence(): Presence
  onEnd(reason: string): void
  timings?: Partial<ConnectionTimings>
  /** Of this system. */
  unacknowledged?: ReadUnacknowledged
}

const TICK_MS = 1_000
const DRAIN_MS = 5_000
/** So that few streams do not hold a stop up. */
const DRAIN_STEP_MS = 50
const RETRY_MS = { least: 500, most: 3_000 }

export function createStreamHub(deps: HubDeps): StreamHub {
  const { view, clock, random, meter } = deps
  const timings = { ...TIMINGS, ...deps.timings }
  const budget = createBudget()
  const connections = new Map<string, Connection>()
  const byOrganization = new Map<string, Set<Connection>>()
  const reserved = new Map<string, Set<ConnectionFacts>>()
  const peers = createPeerWatch({
    ...{ connections, logger: deps.logger, everyMs: timings.stalledMs },
    read: deps.unacknowledged ?? readUnacknowledged,
  })
  const unfollow = view.onChange(onChange)
  let isDraining = false
  let timer: Timer | undefined

  const of = (organizationId: string): Connection[] => [...(byOrganization.get(organizationId) ?? [])]

  function limitsOf(organizationId: string): StreamLimits {
    const limits = planOf(view.organization(organizationId)?.plan ?? 'FREE')
    return { connections: limits.streams, eventsPerSecond: limits.streamEventsPerS }
  }

  function refuseTooMany(wanted: ConnectionFacts): void {
    const { organizationId, session } = wanted.subscriber
    if (session !== undefined) return
    const { connections: most } = limitsOf(organizationId)
    const here = [...of(organizationId), ...(reserved.get(organizationId) ?? [])].filter(
      each => !isReplacedBy(wanted, each) && each.subscriber.session === undefined,
    )
    const others = deps
      .presence()
      .others(organizationId)
      .filter(
        each =>
          !isOfSession(each) &&
          (wanted.client === undefined || each.client !== wanted.client || each.keyId !== wanted.subscriber.keyId),
      )
    if (here.length + others.length < most) return
    const message = `the plan has ${most} ${most === 1 ? 'stream' : 'streams'} at a time: close one, or give each client a name (client=…), by which a new stream replaces its old one`
    const details = [{ path: '', rule: 'connections', message }]
    throw new ClarionError('stream_limit_exceeded', CODES.stream_limit_exceeded.meaning, { details })
  }

  /** Of a session: the oldest stream of its key or link ends, wherever it is open. */
  function makeRoom({ organizationId, keyId }: Subscriber): void {
    const siblings = [...local(organizationId), ...deps.presence().others(organizationId)]
      .filter(each => each.keyId === keyId)
      .sort((a, b) => a.openedAtMs - b.openedAtMs)
    for (const { id } of siblings.slice(0, Math.max(0, siblings.length - SESSION_STREAMS_MAX + 1))) {
      const own = connections.get(id)
      if (own !== undefined) own.end('replaced')
      else
        deps
          .presence()
          .requestEnd(organizationId, id)
          .catch(() => undefined)
    }
  }

  function open(facts: ConnectionFacts, sink: Sink, heartbeat: Frames['heartbeat']): Connection {
    const { subscriber } = facts
    const { organizationId } = subscriber
    for (const older of of(organizationId)) if (isReplacedBy(facts, older)) older.end('replaced')
    if (subscriber.session !== undefined) makeRoom(subscriber)
    const connection = createConnection(facts, {
      ...{ clock, sink, budget, heartbeat, timings },
      eventsPerSecond: limitsOf(organizationId).eventsPerSecond,
      onEvents: count => meter.count(subscriber, count),
      onEnded: reason => ended(connection, reason),
    })
    connections.set(connection.id, connection)
    const siblings = byOrganization.get(organizationId) ?? new Set()
    byOrganization.set(organizationId, siblings.add(connection))
    startTicking()
    return connection
  }

  function ended(connection: Connection, reason: string): void {
    const { organizationId } = connection.subscriber
    connections.delete(connection.id)
    const siblings = byOrganization.get(organizationId)
    siblings?.delete(connection)
    if (siblings?.size === 0) byOrganization.delete(organizationId)
    deps.onEnd(reason)
    deps.presence().changed(organizationId)
  }

  /** The timer belongs to no request. */
  function startTicking(): void {
    timer ??= runAs(undefined, () => clock.after(TICK_MS, tick))
  }

  function tick(): void {
    timer = undefined
    const nowMs = clock.monotonicMs()
    for (const connection of [...connections.values()]) {
      try {
        endIfOver(connection)
        connection.tick(nowMs)
      } catch (error) {
        deps.logger.error({ err: error }, 'a stream failed')
        connection.destroy('fault')
      }
    }
    peers.tick(nowMs)
    deps.presence().tick()
    if (connections.size > 0 || deps.presence().isPending) startTicking()
  }

  /** A change while the stream was being opened met no connection, so it is found here. */
  function endIfOver(connection: Connection): void {
    const { organizationId, token } = connection.subscriber
    if (token !== undefined && token.expiresAtMs <= clock.nowMs()) connection.end('token_expired')
    else if (!mayRead(organizationId, connection.subscriber)) connection.end('revoked')
  }

  function onChange(kind: Kind, organizationId: string, id: string): void {
    if (kind !== 'key' && kind !== 'organization') return
    for (const connection of of(organizationId)) {
      const { keyId, session } = connection.subscriber
      if (kind === 'key' && session === undefined && keyId !== id) continue
      if (!mayRead(organizationId, connection.subscriber)) connection.end('revoked')
    }
    if (kind === 'organization') applyPlan(organizationId)
  }

  function mayRead(organizationId: string, { keyId, session }: Subscriber): boolean {
    if (session !== undefined) return session.isValid() && view.organization(organizationId)?.status === 'active'
    const key = view.find('key', organizationId, keyId)
    if (key === undefined || !holdsScope(key, 'events:read')) return false
    const isExpired = key.expiresAt !== null && Date.parse(key.expiresAt) <= clock.nowMs()
    return !isExpired && view.organization(organizationId)?.status === 'active'
  }

  /** Of too many streams the newest end. */
  function applyPlan(organizationId: string): void {
    const limits = limitsOf(organizationId)
    const onPlan = of(organizationId).filter(({ subscriber }) => subscriber.session === undefined)
    for (const [index, connection] of onPlan.entries()) {
      if (index >= limits.connections) connection.end('revoked')
      else connection.setEventsPerSecond(limits.eventsPerSecond)
    }
  }

  const local = (organizationId: string): OpenStream[] => of(organizationId).map(presentConnection)

  return {
    reserve(wanted) {
      // A token replaces the streams of its own: by a name its holder could end those of the key that issued it.
      const client = wanted.subscriber.token === undefined ? wanted.client : undefined
      const facts: ConnectionFacts = { ...wanted, client, id: deps.ids.next('str'), openedAtMs: clock.nowMs() }
      refuseTooMany(facts)
      const { organizationId } = facts.subscriber
      const waiting = reserved.get(organizationId) ?? new Set()
      reserved.set(organizationId, waiting.add(facts))
      const release = () => {
        waiting.delete(facts)
        if (waiting.size === 0 && reserved.get(organizationId) === waiting) reserved.delete(organizationId)
      }
      return {
        streamId: facts.id,
        release,
        open(sink, heartbeat) {
          release()
          return open(facts, sink, heartbeat)
        },
      }
    },
    limitsOf,
    changed: organizationId => deps.presence().changed(organizationId),
    local,
    list: organizationId => [...local(organizationId), ...deps.presence().others(organizationId)],
    end(organizationId, streamId) {
      const connection = connections.get(streamId)
      if (connection?.subscriber.organizationId !== organizationId) return false
      connection.end('revoked')
      return true
    },
    get isDraining() {
      return isDraining
    },
    retryMs: () => Math.round(RETRY_MS.least + random.uniform() * (RETRY_MS.most - RETRY_MS.least)),
    async drain() {
      isDraining = true
      const all = [...connections.values()]
      const stepMs = Math.min(DRAIN_STEP_MS, DRAIN_MS / Math.max(1, all.length))
      const startMs = clock.monotonicMs()
      for (const [index, connection] of all.entries()) {
        const dueMs = startMs + index * stepMs
        if (dueMs > clock.monotonicMs()) await clock.sleep(dueMs - clock.monotonicMs())
        connection.end('server_drain', { retryMs: this.retryMs() })
      }
      // Streams that opened meanwhile.
      for (const connection of [...connections.values()]) connection.end('server_drain', { retryMs: this.retryMs() })
    },
    onOthers(organizationId, streams) {
      for (const stream of streams)
        for (const own of of(organizationId)) if (isOlderSibling(own, stream)) own.end('replaced')
    },
    figures() {
      const open = { sse: 0, ndjson: 0, websocket: 0 }
      let behind = 0
      for (const connection of connections.values()) {
        open[connection.transport]++
        if ([...connection.readers].some(reader => reader.behindEvents() > 0)) behind++
      }
      return { open, behind, unsentBytes: budget.used }
    },
    close() {
      unfollow()
      timer?.cancel()
      for (const connection of [...connections.values()]) connection.destroy('closed')
    },
  }
}
