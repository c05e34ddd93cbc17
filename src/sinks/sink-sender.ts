/**
 * Sends the records of sinks, and everything else by the sender of webhooks. Each sink has one producer in a process,
 * kept while it is used: what one organization's cluster does to it touches no other.
 */
import type { Clock, Timer } from '../clock.ts'
import type { AddressGuard } from '../delivery/address-guard.ts'
import { AttemptError } from '../delivery/attempt-error.ts'
import type { AddressedSink, AttemptRequest, AttemptResult, Sender } from '../delivery/send.ts'
import type { OpenedSink } from '../model/sinks.ts'
import { createSinkProducer, type SinkProducer, type SinkResult } from './sink-producer.ts'

/** Idle ones beyond it are closed, the longest unused first. */
const PRODUCERS_MAX = 256
const IDLE_MS = 60_000
const EMPTY = Buffer.alloc(0)

export interface SinkFigures {
  producers(): number
}

interface Kept {
  sink: OpenedSink
  producer: SinkProducer
  underWay: number
  idle: Timer | undefined
}

export function createSinkSender(
  webhooks: Sender,
  deps: {
    guard: AddressGuard
    clock: Clock
    /** Certificate authorities (PEM) in place of the usual ones. */
    ca?: string[]
    onRecord?(result: 'written' | string): void
  },
): Sender & SinkFigures {
  const { clock } = deps
  /** By the sink's id, the longest unused first. A changed sink is another object, and gets another producer. */
  const kept = new Map<string, Kept>()
  const leaving = new Set<Kept>()

  function take(sink: OpenedSink): Kept {
    const known = kept.get(sink.id)
    if (known?.sink === sink) {
      kept.delete(sink.id)
      kept.set(sink.id, known)
      return known
    }
    if (known !== undefined) letGo(known)
    for (const each of kept.values()) {
      if (kept.size < PRODUCERS_MAX) break
      if (each.underWay === 0) letGo(each)
    }
    const made = { sink, producer: createSinkProducer(sink, deps), underWay: 0, idle: undefined }
    kept.set(sink.id, made)
    return made
  }

  /** Closed at once, or when the last of its records has ended. */
  function letGo(each: Kept): void {
    if (kept.get(each.sink.id) === each) kept.delete(each.sink.id)
    each.idle?.cancel()
    if (each.underWay > 0) {
      leaving.add(each)
      return
    }
    leaving.delete(each)
    void each.producer.close()
  }

  function ended(each: Kept): void {
    each.underWay--
    if (each.underWay > 0) return
    if (leaving.has(each)) letGo(each)
    else each.idle = clock.after(IDLE_MS, () => letGo(each))
  }

  async function sendRecord({ sink, key }: AddressedSink, request: AttemptRequest): Promise<AttemptResult> {
    const { body, headers, timeoutMs } = request
    const startedAtMs = clock.nowMs()
    const startedMs = clock.monotonicMs()
    const each = take(sink)
    each.idle?.cancel()
    each.underWay++
    const result = await withinTime(each, each.producer.send({ key, value: body, headers }), timeoutMs)
    ended(each)
    deps.onRecord?.('error' in result ? result.error.kind : 'written')
    return resultOf(result, startedAtMs, Math.round(clock.monotonicMs() - startedMs))
  }

  /** What is under way when the time is up is unknown: the connections go, so that nothing piles up behind them. */
  function withinTime(each: Kept, sending: Promise<SinkResult>, timeoutMs: number): Promise<SinkResult> {
    return new Promise(resolve => {
      const timer = clock.after(timeoutMs, () => {
        const error = new AttemptError('timeout', `The cluster did not confirm the record within ${timeoutMs} ms.`)
        if (kept.get(each.sink.id) === each) letGo(each)
        each.producer.cut(error)
        resolve({ error, isFinal: false })
      })
      void sending.then(result => {
        timer.cancel()
        resolve(result)
      })
    })
  }

  return {
    send: request => (request.sink === undefined ? webhooks.send(request) : sendRecord(request.sink, request)),
    producers: () => kept.size + leaving.size,
    close() {
      webhooks.close()
      const stopped = new AttemptError('connect', 'The process is stopping.')
      for (const each of [...kept.values(), ...leaving]) {
        each.idle?.cancel()
        each.producer.cut(stopped)
        void each.producer.close()
      }
      kept.clear()
      leaving.clear()
    },
  }
}

/** A record that is written has no status: its place stands where an answer's headers do. */
function resultOf(result: SinkResult, startedAtMs: number, durationMs: number): AttemptResult {
  const failure = 'error' in result ? result : undefined
  const place = 'error' in result ? {} : { partition: String(result.partition), offset: result.offset }
  return {
    ...{ status: null, errorKind: failure?.error.kind ?? null, error: failure?.error.message ?? null },
    ...{ headers: place, body: EMPTY, startedAtMs, durationMs, connectMs: null, dnsMs: null, tlsMs: null },
    ...{ remoteAddress: null, firstByteMs: null, ...(failure?.isFinal && { isFinal: true }) },
  }
}
