/** Messages of queues with their events: what the calls over JSON and those of SQS share. */
import type { CarriedEvent } from '../../../topics/queues-state.ts'
import { isBeyondPlan } from '../../control-plane/queues/queues.ts'
import type { LogRecord } from '../../kafka/ports.ts'
import { KafkaError } from '../../kafka/protocol/wire.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import type { QueueRecord } from '../../model/queues.ts'
import { recordOf } from '../../queue-calls/carried.ts'
import type { Carrying, QueueCalls } from '../../queue-calls/queue-calls.ts'
import type { HandedOut, ReceiveAnswer, SettleAnswer, SettleBody } from '../../queues/calls.ts'
import type { QueueName, Receipts } from '../../queues/receipts.ts'
import type { Claim, Settled } from '../../queues/rules.ts'
import { placeOf, readEvents } from '../../streaming/read-events.ts'
import { logOf, type Streaming } from '../../streaming/streaming.ts'
import { RequestAborted } from '../http/body.ts'

export interface ReceiveOrder {
  max: number
  waitMs: number
  leaseMs: number | undefined
  perSubject: number
  /** Receipts that are settled in the same call. */
  ack: readonly string[]
}

/** How claims are settled; each result goes back to its receipt. */
export type How =
  | { as: 'ack' }
  | { as: 'nack'; delayMs?: number | undefined; dead?: boolean | undefined }
  | { as: 'extend'; forMs: number }

export type Result = { receipt: string } & (Settled | { status: 'receipt_unknown' })

export interface Received {
  message: HandedOut
  receipt: string
  record: LogRecord
}

export interface QueueMessages {
  /** Throws `queue_quota_exceeded`, what the queue refuses with, and `RequestAborted`; then nothing is handed out. */
  receive(
    queue: QueueRecord,
    order: ReceiveOrder,
    signal: AbortSignal,
  ): Promise<{ messages: Received[]; results: Result[] }>
  settle(queue: QueueRecord, receipts: readonly string[], how: How): Promise<Result[]>
  /** By `placeOf`. Throws `service_unavailable`. */
  eventsOf(owner: Owner, places: ReadonlyArray<{ partition: number; offset: number }>): Promise<Map<string, LogRecord>>
}

export function createQueueMessages(deps: {
  queueCalls: QueueCalls
  receipts: Receipts
  view: Pick<ControlView, 'list' | 'organization'>
  streaming: Pick<Streaming, 'cache'>
}): QueueMessages {
  const { queueCalls, receipts, view, streaming } = deps

  /** Receipts that are not of this queue never reach it. */
  function claimsOf(name: QueueName, texts: readonly string[]) {
    const claims = texts.map(text => receipts.decode(name, text))
    return { claims: claims.filter(each => each !== undefined), isKnown: claims.map(each => each !== undefined) }
  }

  async function eventsOf(
    owner: Owner,
    places: ReadonlyArray<{ partition: number; offset: number }>,
    carried: readonly CarriedEvent[] = [],
  ) {
    const { topic } = logOf(owner)
    const found = new Map(carried.map(event => [placeOf(event), recordOf(topic, event)]))
    const unread = found.size === 0 ? places : places.filter(place => !found.has(placeOf(place)))
    try {
      const read = await readEvents(streaming.cache, topic, unread)
      return found.size === 0 ? read : new Map([...found, ...read])
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      throw new ClarionError('service_unavailable', 'The log cannot be read now: repeat the call.', {
        ...{ retryAfterS: 1, cause: error },
      })
    }
  }

  /** The receive does not count. */
  const giveBack = (name: QueueName, messages: readonly HandedOut[]) =>
    queueCalls.call(name, 'settle', { as: 'giveBack', claims: messages.slice(0, 1).map(claimOf) })

  /** Messages that cannot be shown are given back at once. */
  async function shown(name: QueueName, { messages, events: carried = [] }: ReceiveAnswer & Carrying) {
    if (messages.length === 0) return []
    try {
      const events = await eventsOf(name, messages, carried)
      const gone = messages.filter(each => !events.has(placeOf(each)))
      if (gone.length > 0) await queueCalls.call(name, 'settle', { as: 'ack', claims: gone.map(claimOf) })
      return messages.flatMap((message): Received[] => {
        const record = events.get(placeOf(message))
        return record === undefined ? [] : [{ message, record, receipt: receipts.encode(name, claimOf(message)) }]
      })
    } catch (error) {
      await giveBack(name, messages)
      throw error
    }
  }

  return {
    async receive(queue, { ack, ...order }, signal) {
      if (isBeyondPlan(view, queue))
        throw new ClarionError('queue_quota_exceeded', 'The plan has fewer queues: this one cannot be received from.')
      const name = nameOf(queue)
      const { claims, isKnown } = claimsOf(name, ack)
      const how = { waitMs: order.waitMs, signal }
      const answer = await queueCalls.call<ReceiveAnswer & Carrying>(name, 'receive', { ...order, ack: claims }, how)
      const messages = await shown(name, answer)
      if (signal.aborted) {
        if (answer.messages.length > 0) await giveBack(name, answer.messages)
        throw new RequestAborted()
      }
      return { messages, results: resultsOf(ack, isKnown, answer.results) }
    },
    async settle(queue, texts, how) {
      const name = nameOf(queue)
      const { claims, isKnown } = claimsOf(name, texts)
      const body: SettleBody = { ...how, claims }
      const { results } =
        claims.length === 0 ? { results: [] } : await queueCalls.call<SettleAnswer>(name, 'settle', body)
      return resultsOf(texts, isKnown, results)
    },
    eventsOf,
  }
}

export const nameOf = ({ organizationId, environment, id: queueId }: QueueRecord): QueueName => ({
  ...{ organizationId, environment, queueId },
})

function resultsOf(texts: readonly string[], isKnown: readonly boolean[], results: readonly Settled[]): Result[] {
  let at = 0
  return texts.map((receipt, index) => ({
    receipt,
    ...(isKnown[index] ? results[at++]! : { status: 'receipt_unknown' as const }),
  }))
}

const claimOf = ({ group, purge, origin, partition, offset }: HandedOut): Claim => ({
  ...{ group, purge, place: { origin, partition, offset } },
})
