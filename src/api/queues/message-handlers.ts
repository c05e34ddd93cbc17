/** Messages of queues: receiving, settling, and what an operator looks at. */
import { getQueue } from '../../control-plane/queues/queues.ts'
import type { LogRecord } from '../../kafka/ports.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import { readCursor, writeCursor } from '../../model/cursors.ts'
import type { QueueRecord } from '../../model/queues.ts'
import type { QueueCalls } from '../../queue-calls/queue-calls.ts'
import type { DeadAnswer, PeekAnswer, PurgeAnswer, RedriveAnswer, StatsAnswer } from '../../queues/calls.ts'
import type { QueueName } from '../../queues/receipts.ts'
import { placeOf } from '../../streaming/read-events.ts'
import { envelopeOf } from '../../streaming/selection.ts'
import { ownerOf, seesPayloads } from '../http/caller.ts'
import { pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { presentDead, presentPeeked, presentReceived, presentResults } from './presenter.ts'
import { type How, nameOf, type QueueMessages } from './queue-messages.ts'

interface ReceiveBody {
  max?: number
  waitSeconds?: number
  visibilityTimeoutSeconds?: number
  perSubject?: number
  ack?: string[]
}

export function createMessageHandlers(deps: { queueCalls: QueueCalls; messages: QueueMessages; view: ControlView }) {
  const { queueCalls, messages, view } = deps

  function named(call: Call): { queue: QueueRecord; name: QueueName } {
    const queue = getQueue(view, ownerOf(call), call.params.id!)
    return { queue, name: nameOf(queue) }
  }

  async function settle(call: Call, how: How): Promise<Answer> {
    const { receipts } = call.body as { receipts: string[] }
    const results = await messages.settle(named(call).queue, receipts, how)
    if (results.length === 1 && results[0]!.status === 'receipt_expired')
      throw new ClarionError(
        'receipt_expired',
        'The message was handed out again, is dead, or the queue was purged since: this receipt settles nothing.',
      )
    return { data: { results: presentResults(results) } }
  }

  const envelope = (call: Call, record: LogRecord, replayId: string | null = null) =>
    envelopeOf(record, { format: 'default', isWithheld: !seesPayloads(call), replayId })

  return {
    async receive(call: Call): Promise<Answer> {
      const { max = 1, waitSeconds = 0, visibilityTimeoutSeconds, perSubject = 1, ack = [] } = call.body as ReceiveBody
      const leaseMs = visibilityTimeoutSeconds === undefined ? undefined : visibilityTimeoutSeconds * 1_000
      const order = { max, waitMs: waitSeconds * 1_000, leaseMs, perSubject, ack }
      const received = await messages.receive(named(call).queue, order, call.signal())
      const shown = received.messages.map(each => ({
        ...each,
        envelope: envelope(call, each.record, each.message.replayId),
      }))
      return presentReceived(shown, ack.length === 0 ? undefined : presentResults(received.results), call.requestId)
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
      const answer = await queueCalls.call<StatsAnswer>(named(call).name, 'stats', {})
      const { oldestReadyAtMs, lastRedrive: _redrive, ...stats } = answer
      const oldestReadyAt = oldestReadyAtMs === null ? null : new Date(oldestReadyAtMs).toISOString()
      return { data: { ...stats, oldestReadyAt } }
    },
    async peek(call: Call): Promise<Answer> {
      const { limit = 10 } = call.query as { limit?: number }
      const answer = await queueCalls.call<PeekAnswer>(named(call).name, 'peek', { limit })
      const events = await messages.eventsOf(ownerOf(call), answer.messages)
      const found = answer.messages.flatMap(message => {
        const record = events.get(placeOf(message))
        return record === undefined ? [] : [{ message, envelope: envelope(call, record) }]
      })
      return presentPeeked(found, call.requestId)
    },
    async dead(call: Call): Promise<Answer> {
      const { limit, cursor } = pagingOf(call.query)
      const after = readCursor('queue-dead', cursor)?.[0] ?? 0
      const { dead, hasMore } = await queueCalls.call<DeadAnswer>(named(call).name, 'dead', { limit, after })
      const events = await messages.eventsOf(ownerOf(call), dead)
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
