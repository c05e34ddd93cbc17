/**
 * The newest requests of every inspector, in memory: each api process reads them from the topic, whichever process got
 * them. Memory is bounded: beyond it the oldest bodies are left out first.
 */
import { type InspectedRequest, inspectedRequestCodec, inspectorsRequests } from '../../topics/inspectors-requests.ts'
import type { Clock } from '../clock.ts'
import type { Appender, LogRecord } from '../kafka/ports.ts'

export interface KeptRequests {
  /** A record of the topic. */
  onRecord(record: LogRecord): void
  /** Newest first; at most 100. */
  newest(inspectorId: string): readonly InspectedRequest[]
  /** How many came in a day. */
  received(inspectorId: string): number
  /** Counts a request of a message, and answers how many came before it. */
  count(inspectorId: string, messageId: string): number
  /** Resolves once Kafka has it. */
  add(inspectorId: string, request: Omit<InspectedRequest, 'process'>): Promise<void>
  /** Calls for each new request of an inspector, until the returned function is called. */
  follow(inspectorId: string, listener: (request: InspectedRequest) => void): () => void
  /** Forgets an inspector that is gone. */
  forget(inspectorId: string): void
}

export const KEPT_REQUESTS = 100
const KEPT_MS = 86_400_000
/** Messages whose repeated requests are counted, of one inspector. */
const MESSAGES_MAX = 1_000
/** Of all bodies together. */
const BODY_BYTES_MAX = 64 * 1024 * 1024
const SWEEP_MS = 60_000

interface Kept {
  /** Oldest first. */
  requests: InspectedRequest[]
  received: number
  lastAtMs: number
  counts: Map<string, number>
  listeners: Set<(request: InspectedRequest) => void>
}

export function createKeptRequests(deps: {
  processId: string
  appender: Appender
  clock: Clock
  bodyBytesMax?: number
}): KeptRequests {
  const { processId, appender, clock, bodyBytesMax = BODY_BYTES_MAX } = deps
  const kept = new Map<string, Kept>()
  /** Requests whose body is in memory, oldest first. */
  const withBody = new Set<InspectedRequest>()
  let bodyBytes = 0
  let sweptAtMs = clock.monotonicMs()

  function of(inspectorId: string): Kept {
    const known = kept.get(inspectorId)
    if (known !== undefined) return known
    const made: Kept = { requests: [], received: 0, lastAtMs: clock.nowMs(), counts: new Map(), listeners: new Set() }
    kept.set(inspectorId, made)
    return made
  }

  function dropBody(request: InspectedRequest): void {
    if (withBody.delete(request)) bodyBytes -= request.body.length
  }

  function keepBody(request: InspectedRequest): void {
    if (request.body.length === 0) return
    withBody.add(request)
    bodyBytes += request.body.length
    for (const oldest of withBody) {
      if (bodyBytes <= bodyBytesMax) break
      dropBody(oldest)
      oldest.body = Buffer.alloc(0)
      oldest.truncated = true
    }
  }

  function forget(inspectorId: string): void {
    for (const request of kept.get(inspectorId)?.requests ?? []) dropBody(request)
    kept.delete(inspectorId)
  }

  function sweep(): void {
    if (clock.monotonicMs() - sweptAtMs < SWEEP_MS) return
    sweptAtMs = clock.monotonicMs()
    for (const [id, { lastAtMs, listeners }] of kept)
      if (listeners.size === 0 && clock.nowMs() - lastAtMs >= KEPT_MS) forget(id)
  }

  function count(inspectorId: string, messageId: string): number {
    const { counts } = of(inspectorId)
    const before = counts.get(messageId) ?? 0
    counts.delete(messageId)
    counts.set(messageId, before + 1)
    if (counts.size > MESSAGES_MAX) counts.delete(counts.keys().next().value!)
    return before
  }

  function take(inspectorId: string, request: InspectedRequest): void {
    const entry = of(inspectorId)
    entry.received++
    entry.lastAtMs = request.receivedAtMs
    entry.requests.push(request)
    keepBody(request)
    if (entry.requests.length > KEPT_REQUESTS) dropBody(entry.requests.shift()!)
    // Its own were counted when they came.
    if (request.process !== processId && request.messageId !== null) count(inspectorId, request.messageId)
    for (const listener of entry.listeners) listener(request)
  }

  return {
    count,
    forget,
    onRecord({ key, value, undecodable }) {
      if (key === null || value === null || undecodable !== undefined) return
      const request = inspectedRequestCodec.decode(value)
      if (clock.nowMs() - request.receivedAtMs < KEPT_MS) take(key.toString(), request)
      sweep()
    },
    newest: inspectorId => (kept.get(inspectorId)?.requests ?? []).toReversed(),
    received: inspectorId => kept.get(inspectorId)?.received ?? 0,
    async add(inspectorId, request) {
      const value = inspectedRequestCodec.encode({ ...request, process: processId })
      await appender.append({ topic: inspectorsRequests.name, partition: 0, key: inspectorId, value })
    },
    follow(inspectorId, listener) {
      const { listeners } = of(inspectorId)
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
