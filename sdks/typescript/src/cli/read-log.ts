/** The organization's accepted events in order: by Kafka, or by polling the API. */
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
  /** Start behind this sequence; undefined: behind the newest one. */
  after: number | undefined
  signal: AbortSignal
  /** Events accepted from now on are certain to be shown. */
  onStart(last: number): void
  /** Sequences that did not appear in the history within ten seconds, and are skipped. */
  onGap(from: number, to: number): void
  /** No answer, or a temporary error: the same position is read again. */
  onAway(error: Error, retryInMs: number): void
  /** The API answers again. */
  onBack(last: number): void
}

const GAP_PATIENCE_MS = 10_000
/** Held in memory, since the history is listed newest first. */
const BEHIND_MAX = 10_000
/**
 * The history is in order of arrival. With several partitions an event may be accepted behind others that arrived
 * later, but not this many.
 */
const DISORDER_MAX = 90

/**
 * In the order of their sequence, without gaps: the history lags by about a second, and missing events are waited for.
 * Needs only the scope `events:read`; works for the test environment, which has no Kafka access. After the first answer
 * it waits whenever the platform is away. A thrown error carries the position to continue from.
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
      // The history may lag when the platform is back: the wait for missing events starts anew.
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
/** A duplicate's row refers to the event of its original: it is not an event itself. */
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

/** Reads newest first down to known events, then reverses. */
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

/** The content of the log's record, composed from the history. */
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
