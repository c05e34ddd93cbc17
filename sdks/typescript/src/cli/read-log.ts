/** The organization's accepted events, one after the other: by Kafka, or by asking the API again and again. */
import type { Client } from '../client/client.ts'
import type { Emit } from '../client/types.ts'
import { type Clock, sleep } from '../clock.ts'
import type { LogEvent } from '../kafka/consumer.ts'
import { UsageError } from './command.ts'

export interface PollOptions {
  client: Client
  clock: Clock
  intervalMs: number
  /** Begin behind this sequence; undefined: behind the newest one. */
  after: number | undefined
  signal: AbortSignal
  /** What is accepted from now on is certainly shown. */
  onStart(last: number): void
  /** Sequences that did not appear in the history within ten seconds, and are left out. */
  onGap(from: number, to: number): void
}

const GAP_PATIENCE_MS = 10_000
/** Held in memory, since the history is listed newest first. */
const BEHIND_MAX = 10_000

/**
 * In the order of their sequence, without a gap: the history lags by about a second, and what it does not show yet is waited for. Needs only
 * the scope `events:read`; works for the test environment, which has no Kafka access.
 */
export async function* pollLog({ client, clock, intervalMs, after, signal, onStart, onGap }: PollOptions): AsyncGenerator<LogEvent> {
  let last = after ?? (await newestSequence(client, signal))
  onStart(last)
  let waitingSinceMs: number | undefined
  for (;;) {
    for (const emit of await acceptedAfter(client, last, signal)) {
      if (emit.sequence !== last + 1) {
        waitingSinceMs ??= clock.nowMs()
        if (clock.nowMs() - waitingSinceMs < GAP_PATIENCE_MS) break
        onGap(last + 1, emit.sequence - 1)
      }
      waitingSinceMs = undefined
      yield await eventOf(client, emit, signal)
      last = emit.sequence
    }
    await sleep(clock, intervalMs, signal)
  }
}

type Accepted = Emit & { sequence: number; eventId: string }
/** A duplicate's row tells the event of its original: it is not one itself. */
const isAccepted = (emit: Emit): emit is Accepted => typeof emit.sequence === 'number' && emit.verdict === 'accepted'

async function newestSequence(client: Client, signal: AbortSignal): Promise<number> {
  const { data } = await client.events.custom.emits.list({ limit: 100 }, { signal })
  return Math.max(0, ...data.filter(isAccepted).map(emit => emit.sequence))
}

/** Newest first until one that was seen is reached, then turned round. */
async function acceptedAfter(client: Client, last: number, signal: AbortSignal): Promise<Accepted[]> {
  const found = new Map<number, Accepted>()
  for await (const emit of client.events.custom.emits.each({}, { signal })) {
    if (!isAccepted(emit)) continue
    if (emit.sequence <= last) break
    if (found.size >= BEHIND_MAX)
      throw new UsageError(`there are more than ${BEHIND_MAX} events to go through`, 'read the log itself: --kafka FILE')
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
    chain: { rootEventId: optional('rootEventId') ?? eventId, depth: Number(emit.depth ?? 0), workflowPath: (emit.path ?? []) as string[] },
    federation: (emit.federation ?? null) as object | null,
    kind: optional('kind'),
    data: payload,
    payloadJson: JSON.stringify(payload),
  }
}
