/** The organization's accepted events, one after the other: by Kafka, or by asking the API again and again. */
import { LONGEST_AWAY_MS, pauseMs } from '../backoff.ts'
import type { Client } from '../client/client.ts'
import { ClarionApiError, ClarionConnectionError } from '../client/errors.ts'
import type { Emit } from '../client/types.ts'
import { type Clock, type Random, sleep } from '../clock.ts'
import type { LogEvent } from '../kafka/log-event.ts'
import { UsageError } from './command.ts'

export interface PollOptions {
  client: Client
  clock: Clock
  random: Random
  intervalMs: number
  /** Begin behind this sequence; undefined: behind the newest one. */
  after: number | undefined
  signal: AbortSignal
  /** What is accepted from now on is certainly shown. */
  onStart(last: number): void
  /** Sequences that did not appear in the history within ten seconds, and are left out. */
  onGap(from: number, to: number): void
  /** No answer, or one that may be another in a moment: the same place is asked for again. */
  onAway(error: Error, retryInMs: number): void
  /** It answers again. */
  onBack(last: number): void
}

const GAP_PATIENCE_MS = 10_000
/** Held in memory, since the history is listed newest first. */
const BEHIND_MAX = 10_000
/** The history is in the order of arrival. With several partitions an event may be accepted behind others that arrived later, but not so many. */
const DISORDER_MAX = 90

/**
 * In the order of their sequence, without a gap: the history lags by about a second, and what it does not show yet is waited for. Needs only
 * the scope `events:read`; works for the test environment, which has no Kafka access. Once the platform has answered it is waited for whenever
 * it is away. An error that is thrown carries the place to go on from.
 */
export async function* pollLog(options: PollOptions): AsyncGenerator<LogEvent> {
  const { client, clock, random, intervalMs, after, signal, onStart, onGap, onAway, onBack } = options
  let last = after ?? (await newestSequence(client, signal))
  onStart(last)
  let hasAnswered = after === undefined
  let failures = 0
  let waitingSinceMs: number | undefined
  for (;;) {
    try {
      const accepted = await acceptedAfter(client, last, signal)
      if (failures > 0) onBack(last)
      failures = 0
      hasAnswered = true
      for (const emit of accepted) {
        if (emit.sequence !== last + 1) {
          waitingSinceMs ??= clock.nowMs()
          if (clock.nowMs() - waitingSinceMs < GAP_PATIENCE_MS) break
          onGap(last + 1, emit.sequence - 1)
        }
        waitingSinceMs = undefined
        const event = await eventOf(client, emit, signal)
        last = emit.sequence
        yield event
      }
    } catch (error) {
      signal.throwIfAborted()
      if (!hasAnswered || !mayPass(error)) throw Object.assign(error as Error, { resumeAfter: last })
      // The history may be behind when the platform is back: the wait for what is missing begins anew.
      waitingSinceMs = undefined
      const retryInMs = pauseMs(++failures, random, LONGEST_AWAY_MS)
      onAway(error as Error, retryInMs)
      await sleep(clock, retryInMs, signal)
      continue
    }
    await sleep(clock, intervalMs, signal)
  }
}

const mayPass = (error: unknown): boolean =>
  error instanceof ClarionConnectionError ||
  (error instanceof ClarionApiError &&
    (error.status === 429 || error.status >= 500 || error.code === 'unexpected_answer'))

type Accepted = Emit & { sequence: number; eventId: string }
/** A duplicate's row tells the event of its original: it is not one itself. */
const isAccepted = (emit: Emit): emit is Accepted => typeof emit.sequence === 'number' && emit.verdict === 'accepted'

/** 0 if nothing was accepted. */
async function newestSequence(client: Client, signal: AbortSignal): Promise<number> {
  let [newest, behind] = [0, 0]
  for await (const emit of client.events.custom.emits.each({}, { signal })) {
    if (isAccepted(emit)) newest = Math.max(newest, emit.sequence)
    if (newest > 0 && ++behind > DISORDER_MAX) break
  }
  return newest
}

/** Newest first until only those are left that were seen, then turned round. */
async function acceptedAfter(client: Client, last: number, signal: AbortSignal): Promise<Accepted[]> {
  const found = new Map<number, Accepted>()
  let seen = 0
  for await (const emit of client.events.custom.emits.each({}, { signal })) {
    if (seen > 0 && ++seen > DISORDER_MAX) break
    if (!isAccepted(emit)) continue
    if (emit.sequence <= last) {
      seen ||= 1
      continue
    }
    if (found.size >= BEHIND_MAX)
      throw new UsageError(
        `there are more than ${BEHIND_MAX} events to go through`,
        `read the log itself: --kafka FILE --after ${last}`,
      )
    found.set(emit.sequence, emit)
  }
  return [...found.values()].sort((a, b) => a.sequence - b.sequence)
}

/** What the log's record holds, put together from the history. */
async function eventOf(client: Client, { eventId, sequence }: Accepted, signal: AbortSignal): Promise<LogEvent> {
  const { emit, payload } = await client.events.get(eventId, { signal })
  const text = (field: string): string => String(emit[field] ?? '')
  const optional = (field: string): string | null => (typeof emit[field] === 'string' ? emit[field] : null)
  return {
    id: eventId,
    specversion: '1.0',
    type: text('name'),
    canonicalName: text('canonicalName'),
    organizationId: emit.organizationId,
    environment: emit.environment,
    sequence,
    source: text('source'),
    subject: optional('subject'),
    actorId: text('actorId'),
    time: text('time'),
    recordedAt: emit.recordedAt,
    schemaVersion: text('schemaVersion'),
    schemaHash: text('schemaHash'),
    correlationId: optional('correlationId'),
    causationId: optional('causationId'),
    traceId: optional('traceId'),
    chain: {
      rootEventId: optional('rootEventId') ?? eventId,
      depth: Number(emit.depth ?? 0),
      workflowPath: (emit.path ?? []) as string[],
    },
    federation: (emit.federation ?? null) as object | null,
    kind: optional('kind'),
    data: payload,
    payloadJson: JSON.stringify(payload),
  }
}
