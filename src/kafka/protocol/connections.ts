/**
 * A set of connections with one owner: at most one per broker and lane, opened on first use, closed after a minute
 * without requests.
 */
import type { Clock, Timer } from '../../clock.ts'
import type { Connection } from './connection.ts'
import { KafkaError, type WireRequest } from './types.ts'

const IDLE_MS = 60_000
const SWEEP_MS = 30_000

export interface Connections {
  /** `lane`: requests of different lanes do not wait for each other. */
  send<T>(nodeId: number, request: WireRequest<T>, lane?: string): Promise<T>
  /** Resolves when requests to this broker can be sent. */
  open(nodeId: number): Promise<void>
  /** Whether requests to it would be sent at once. */
  isOpen(nodeId: number): boolean
  close(): void
}

export function createConnections(deps: {
  clock: Clock
  /** Throws when the broker is unknown or must not be connected to yet. */
  connect(nodeId: number): Connection
  /** Resolves the address of a broker that no answer has named yet; undefined when there is nothing to resolve. */
  locate(nodeId: number): Promise<void> | undefined
}): Connections {
  const { clock } = deps
  /** By broker, then lane. */
  const byNode = new Map<number, Map<string, Connection>>()
  let sweeping: Timer | undefined
  let isClosed = false

  function sweep(): void {
    sweeping = undefined
    const idleFromMs = clock.monotonicMs() - IDLE_MS
    for (const [nodeId, lanes] of byNode) {
      for (const [lane, connection] of lanes) {
        const idleSinceMs = connection.idleSinceMs()
        const isIdle = idleSinceMs !== undefined && idleSinceMs <= idleFromMs
        if (isIdle) connection.close()
        if (isIdle || connection.isGone()) lanes.delete(lane)
      }
      if (lanes.size === 0) byNode.delete(nodeId)
    }
    if (byNode.size > 0) sweepLater()
  }

  function sweepLater(): void {
    sweeping ??= clock.after(SWEEP_MS, sweep)
  }

  function at(nodeId: number, lane: string): Connection {
    const known = byNode.get(nodeId)?.get(lane)
    if (known && !known.isGone()) return known
    if (isClosed) throw new KafkaError('CONNECTION', 'the connections to Kafka are closed')
    known?.close()
    const made = deps.connect(nodeId)
    const lanes = byNode.get(nodeId) ?? new Map<string, Connection>()
    lanes.set(lane, made)
    byNode.set(nodeId, lanes)
    sweepLater()
    return made
  }

  return {
    async send(nodeId, request, lane = '') {
      const locating = byNode.has(nodeId) ? undefined : deps.locate(nodeId)
      if (locating) await locating
      return at(nodeId, lane).send(request)
    },
    async open(nodeId) {
      await deps.locate(nodeId)
      await at(nodeId, '').opened
    },
    isOpen: nodeId => byNode.get(nodeId)?.get('')?.isOpen ?? false,
    close() {
      isClosed = true
      sweeping?.cancel()
      for (const lanes of byNode.values()) for (const connection of lanes.values()) connection.close()
      byNode.clear()
    },
  }
}
