/** Messages of queues: receiving, settling, and what an operator looks at. */
import { getQueue, isBeyondPlan } from '../../control-plane/queues/queues.ts'
import type { LogRecord } from '../../kafka/ports.ts'
import { KafkaError } from '../../kafka/protocol/wire.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import { readCursor, writeCursor } from '../../model/cursors.ts'
import type { QueueRecord } from '../../model/queues.ts'
import type { QueueCalls } from '../../queue-calls/queue-calls.ts'
import type {
  DeadAnswer,
  HandedOut,
  PeekAnswer,
  PurgeAnswer,
  ReceiveAnswer,
  RedriveAnswer,
  SettleAnswer,
  SettleBody,
  StatsAnswer,
} from '../../queues/calls.ts'
import type { QueueName, Receipts } from '../../queues/receipts.ts'
import type { Claim, Settled } from '../../queues/rules.ts'
import { placeOf, readEvents } from '../../streaming/read-events.ts'
import { envelopeOf } from '../../streaming/selection.ts'
import { logOf, type Streaming } from '../../streaming/streaming.ts'
import { RequestAborted } from '../http/body.ts'
import { ownerOf, seesPayloads } from '../http/caller.ts'
import { pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { presentDead, presentPeeked, presentReceived, presentResults } from './presenter.ts'

interface ReceiveOrder {
  max?: number
  waitSeconds?: number
  visibilityTimeoutSeconds?: number
  perSubject?: number
  ack?: string[]
}

/** How claims are settled; each result goes back to its receipt. */
type How =
  | { as: 'ack' }
  | { as: 'nack'; delayMs?: number | undefined; dead?: boolean | undefined }
  | { as: 'extend'; forMs: number }

export function createMessageHandlers(deps: {
  queueCalls: QueueCalls
  receipts: Receipts
  view: ControlView
  streaming: Pick<Streaming, 'cache'>
}) {
  const { queueCalls, receipts, view, streaming } = deps

  function named(call: Call): { queue: QueueRecord; name: QueueName } {
    const queue = getQueue(view, ownerOf(call), call.params.id!)
    return { queue, name: { ...ownerOf(call), queueId: queue.id } }
  }

  /** Receipts that are not of this queue never reach it. */
  function claimsOf(name: QueueName, texts: readonly string[]) {
    const claims = texts.map(text => receipts.decode(name, text))
    return { claims: claims.filter(each => each !== undefined), isKnown: claims.map(each => each !== undefined) }
  }

  function resultsOf(texts: readonly string[], isKnown: readonly boolean[], results: readonly Settled[]) {
    let at = 0
    return texts.map((receipt, index) => ({
      receipt,
      ...(isKnown[index] ? results[at++]! : { status: 'receipt_unknown' as const }),
    }))
  }

  async function settle(call: Call, how: How): Promise<Answer> {
    const { name } = named(call)
    const { receipts: texts } = call.body as { receipts: string[] }
    const { claims, isKnown } = claimsOf(name, texts)
    const body: SettleBody = { ...how, claims }
    const { results } =
      claims.length === 0 ? { results: [] } : await queueCalls.call<SettleAnswer>(name, 'settle', body)
    const all = resultsOf(texts, isKnown, results)
    if (all.length === 1 && all[0]!.status === 'receipt_expired')
      throw new ClarionError(
        'receipt_expired',
        'The message was handed out again, is dead, or the queue was purged since: this receipt settles nothing.',
      )
    return { data: { results: presentResults(all) } }
  }

  async function eventsOf(call: Call, places: ReadonlyArray<{ partition: number; offset: number }>) {
    try {
      return await readEvents(streaming.cache, logOf(ownerOf(call)).topic, places)
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      throw new ClarionError('service_unavailable', 'The log cannot be read now: repeat the call.', {
        ...{ retryAfterS: 1, cause: error },
      })
    }
  }

  const envelope = (call: Call, record: LogRecord) =>
    envelopeOf(record, { format: 'default', isWithheld: !seesPayloads(call) })

  const claimOf = ({ group, purge, origin, partition, offset }: HandedOut): Claim => ({
    ...{ group, purge, place: { origin, partition, offset } },
  })

  /** The receive does not count. */
  const giveBack = (name: QueueName, messages: readonly HandedOut[]) =>
    queueCalls.call(name, 'settle', { as: 'giveBack', claims: messages.slice(0, 1).map(claimOf) })

  /** What cannot be shown is given back at once. */
  async function shown(call: Call, name: QueueName, messages: readonly HandedOut[]) {
    if (messages.length === 0) return []
    try {
      const events = await eventsOf(call, messages)
      const gone = messages.filter(each => !events.has(placeOf(each)))
      if (gone.length > 0) await queueCalls.call(name, 'settle', { as: 'ack', claims: gone.map(claimOf) })
      return messages.flatMap(message => {
        const record = events.get(placeOf(message))
        return record === undefined ? [] : [{ message, envelope: envelope(call, record) }]
      })
    } catch (error) {
      await giveBack(name, messages)
      throw error
    }
  }

  return {
    async receive(call: Call): Promise<Answer> {
      const { queue, name } = named(call)
      const { max = 1, waitSeconds = 0, visibilityTimeoutSeconds, perSubject = 1, ack = [] } = call.body as ReceiveOrder
      if (isBeyondPlan(view, queue))
        throw new ClarionError('queue_quota_exceeded', 'The plan has fewer queues: this one cannot be received from.')
      const { claims, isKnown } = claimsOf(name, ack)
      const waitMs = waitSeconds * 1_000
      const leaseMs = visibilityTimeoutSeconds === undefined ? undefined : visibilityTimeoutSeconds * 1_000
      const signal = call.signal()
      const body = { max, waitMs, leaseMs, perSubject, ack: claims }
      const { messages, results } = await queueCalls.call<ReceiveAnswer>(name, 'receive', body, { waitMs, signal })
      const all = await shown(call, name, messages)
      if (signal.aborted) {
        if (messages.length > 0) await giveBack(name, messages)
        throw new RequestAborted()
      }
      const encoded = all.map(each => ({ ...each, receipt: receipts.encode(name, claimOf(each.message)) }))
      const settledNow = ack.length === 0 ? undefined : presentResults(resultsOf(ack, isKnown, results))
      return presentReceived(encoded, settledNow, call.requestId)
    },
    ack: (call: Call): Promise<Answer> => settle(call, { as: 'ack' }),
    nack(call: Call): Promise<Answer> {
      const { delaySeconds, dead } = call.body as { delaySeconds?: number; dead?: boolean }
      return settle(call, { as: 'nack', delayMs: delaySeconds === undefined ? undefined : delaySeconds * 1_000, dead })
    },
    extend(call: Call): Promise<Answer> {
      const { seconds } = call.body as { seconds: number }
      return settle(call, { as: 'extend', forMs: seconds * 1_000 })
    },
    async stats(call: Call): Promise<Answer> {
      const { oldestReadyAtMs, ...stats } = await queueCalls.call<StatsAnswer>(named(call).name, 'stats', {})
      const oldestReadyAt = oldestReadyAtMs === null ? null : new Date(oldestReadyAtMs).toISOString()
      return { data: { ...stats, oldestReadyAt } }
    },
    async peek(call: Call): Promise<Answer> {
      const { limit = 10 } = call.query as { limit?: number }
      const { messages } = await queueCalls.call<PeekAnswer>(named(call).name, 'peek', { limit })
      const events = await eventsOf(call, messages)
      const found = messages.flatMap(message => {
        const record = events.get(placeOf(message))
        return record === undefined ? [] : [{ message, envelope: envelope(call, record) }]
      })
      return presentPeeked(found, call.requestId)
    },
    async dead(call: Call): Promise<Answer> {
      const { limit, cursor } = pagingOf(call.query)
      const after = readCursor('queue-dead', cursor)?.[0] ?? 0
      const { dead, hasMore } = await queueCalls.call<DeadAnswer>(named(call).name, 'dead', { limit, after })
      const events = await eventsOf(call, dead)
      const items = dead.map(each => {
        const record = events.get(placeOf(each))
        return { each, envelope: record === undefined ? undefined : envelope(call, record) }
      })
      return presentDead(items, call.requestId, hasMore ? writeCursor('queue-dead', [after + limit]) : null)
    },
    async redrive(call: Call): Promise<Answer> {
      const { name } = named(call)
      const {
        all = false,
        eventIds,
        toQueueId,
      } = call.body as { all?: boolean; eventIds?: string[]; toQueueId?: string }
      if (all === (eventIds !== undefined)) {
        const message = 'must be given, or all: true; not both'
        throw new ClarionError('validation_failed', `'eventIds' ${message}.`, {
          details: [{ path: '/eventIds', rule: 'exclusive', message }],
        })
      }
      return { data: await queueCalls.call<RedriveAnswer>(name, 'redrive', { eventIds, toQueueId }) }
    },
    async purge(call: Call): Promise<Answer> {
      const { dead = false } = call.body as { dead?: boolean }
      return { data: await queueCalls.call<PurgeAnswer>(named(call).name, 'purge', { dead }) }
    },
  }
}
