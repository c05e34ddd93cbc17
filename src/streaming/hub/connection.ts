/**
 * One connection: its rate, its unsent bytes and its end. There is no queue: frames that would pass a limit are not
 * made, and the readers of the connection read them from the log later.
 */
import type { Clock, Timer } from '../../clock.ts'
import type { Budget } from './budget.ts'
import type { Frames } from './frames.ts'
import type { Connection, ConnectionFacts, Reader, Sink } from './ports.ts'

/** With so many unsent bytes a connection is written to no more. */
export const CONNECTION_UNSENT_BYTES_MAX = 64 * 1024
const RATE_PAUSE_MS_MIN = 20

export interface ConnectionDeps {
  clock: Clock
  sink: Sink
  budget: Budget
  eventsPerSecond: number
  /** `:` in SSE; undefined: the transport needs none. */
  heartbeat: Frames['heartbeat']
  timings: ConnectionTimings
  /** Events were written. */
  onEvents(count: number): void
  /** It is no longer open. */
  onEnded(reason: string): void
}

export interface ConnectionTimings {
  heartbeatMs: number
  positionMs: number
  stalledMs: number
}

export const TIMINGS: ConnectionTimings = { heartbeatMs: 15_000, positionMs: 60_000, stalledMs: 30_000 }

export function createConnection(facts: ConnectionFacts, deps: ConnectionDeps): Connection {
  const { clock, sink, budget, heartbeat, timings } = deps
  const readers = new Set<Reader>()
  let rate = deps.eventsPerSecond
  let tokens = rate
  let tokensAtMs = clock.monotonicMs()
  let out: Buffer[] = []
  let outBytes = 0
  let outEvents = 0
  let isFull = false
  let isEnded = false
  /** As the budget counts it. */
  let counted = 0
  let writtenAtMs = tokensAtMs
  let progress = sink.progress()
  let progressAtMs = tokensAtMs
  let rateTimer: Timer | undefined
  /** The bytes that the peer has acknowledged, as far as the system reports them, and since when. */
  let arrived: number | undefined
  let arrivedAtMs = tokensAtMs

  function refill(): void {
    const nowMs = clock.monotonicMs()
    tokens = Math.min(rate, tokens + ((nowMs - tokensAtMs) / 1_000) * rate)
    tokensAtMs = nowMs
  }

  function hasToken(): boolean {
    if (tokens >= 1) return true
    refill()
    if (tokens >= 1) return true
    rateTimer ??= clock.after(Math.max(RATE_PAUSE_MS_MIN, ((1 - tokens) / rate) * 1_000), () => {
      rateTimer = undefined
      wake()
    })
    return false
  }

  function wake(): void {
    if (isEnded) return
    for (const reader of readers) reader.wake()
  }

  function count(): number {
    const unsent = isEnded ? 0 : sink.unsentBytes()
    budget.add(unsent - counted)
    counted = unsent
    return unsent
  }

  function close(reason: string): boolean {
    if (isEnded) return false
    isEnded = true
    rateTimer?.cancel()
    count()
    for (const reader of readers) reader.close()
    readers.clear()
    deps.onEnded(reason)
    return true
  }

  function flush(): void {
    if (isEnded || out.length === 0) return
    const frames = out
    const events = outEvents
    out = []
    outBytes = 0
    outEvents = 0
    isFull = !sink.write(frames)
    writtenAtMs = clock.monotonicMs()
    // A socket that had nothing to take has not stalled until now.
    if (counted === 0) progressAtMs = writtenAtMs
    count()
    if (events > 0) deps.onEvents(events)
  }

  const connection: Connection = {
    ...facts,
    readers,
    socketId: sink.socketId,
    get isEnded() {
      return isEnded
    },
    admits() {
      if (isEnded || isFull) return false
      // Bytes that were unsent at the last write may have gone by now.
      if (counted + outBytes >= CONNECTION_UNSENT_BYTES_MAX && count() + outBytes >= CONNECTION_UNSENT_BYTES_MAX)
        return false
      return budget.allows(counted + outBytes) && hasToken()
    },
    push(frame) {
      tokens--
      outEvents++
      outBytes += frame.length
      out.push(frame)
    },
    notice(frame) {
      if (isEnded) return
      outBytes += frame.length
      out.push(frame)
      flush()
    },
    flush,
    onWritable() {
      isFull = false
      count()
      wake()
    },
    onClose: () => void close('closed'),
    end(reason, { retryMs, ...more } = {}) {
      if (isEnded) return
      flush()
      const last = [...readers].map(reader => reader.endFrame(reason, more, retryMs))
      if (close(reason)) sink.end(last, reason)
    },
    destroy(reason) {
      if (close(reason)) sink.destroy()
    },
    setEventsPerSecond(eventsPerSecond) {
      refill()
      rate = eventsPerSecond
      tokens = Math.min(tokens, rate)
    },
    tick(nowMs) {
      const unsent = count()
      const taken = sink.progress()
      if (unsent === 0 || taken !== progress) progressAtMs = nowMs
      progress = taken
      if (nowMs - progressAtMs >= timings.stalledMs) {
        connection.end('slow_consumer')
        return
      }
      if (!isFull && unsent === 0 && heartbeat !== undefined && nowMs - writtenAtMs >= timings.heartbeatMs)
        connection.notice(heartbeat)
      for (const reader of readers) reader.tick(nowMs, unsent === 0)
      wake()
    },
    unsentBytes: () => (isEnded ? 0 : sink.unsentBytes()),
    onUnacknowledged(bytes, nowMs) {
      const now = sink.progress() - bytes
      if (bytes > 0 && now === arrived) {
        if (nowMs - arrivedAtMs >= timings.stalledMs) connection.end('slow_consumer')
        return
      }
      arrived = now
      arrivedAtMs = nowMs
    },
  }
  return connection
}
