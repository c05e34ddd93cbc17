/** Queues as resources. See docs/specification/queues.md. */

import type { Clock } from '../../clock.ts'
import type { QueueSettings } from '../../control-plane/queues/queue-settings.ts'
import { getQueue, isBeyondPlan, type NewQueue, type Queues } from '../../control-plane/queues/queues.ts'
import { KafkaError } from '../../kafka/protocol/wire.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import type { QueueRecord } from '../../model/queues.ts'
import type { QueueCalls } from '../../queue-calls/queue-calls.ts'
import type { StatsAnswer } from '../../queues/calls.ts'
import { logOf, type Streaming } from '../../streaming/streaming.ts'
import { ownerOf } from '../http/caller.ts'
import { pageOf, pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'

/** The log of a new organization has no leader for a moment. */
const START_MS = 3_000
const START_PAUSE_MS = 50

export function createQueueHandlers(deps: {
  queues: Queues
  queueCalls: QueueCalls
  view: ControlView
  streaming: Pick<Streaming, 'resume'>
  clock: Clock
}) {
  const { queues, queueCalls, view, streaming, clock } = deps

  function present(record: QueueRecord) {
    const { organizationId: _org, startOffsets: _offsets, contracts = {}, sqsBody = 'envelope', ...queue } = record
    return { ...queue, contracts, sqsBody, receivable: queue.active && !isBeyondPlan(view, record) }
  }

  async function startOf(owner: Owner, from: string): Promise<number[]> {
    const untilMs = clock.monotonicMs() + START_MS
    for (;;) {
      try {
        return (await streaming.resume.start(logOf(owner), from, 'start')).offsets.map(Number)
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error
        if (clock.monotonicMs() > untilMs)
          throw new ClarionError('service_unavailable', 'The log cannot be read now: repeat the call.', {
            ...{ retryAfterS: 1, cause: error },
          })
        await clock.sleep(START_PAUSE_MS)
      }
    }
  }

  /** Throws `queue_not_empty`. */
  async function refuseFull(owner: Owner, queueId: string): Promise<void> {
    const stats = await queueCalls.call<StatsAnswer>({ ...owner, queueId }, 'stats', {})
    const left = stats.ready + stats.inFlight + stats.delayed + stats.held + stats.dead
    if (left === 0) return
    throw new ClarionError('queue_not_empty', `The queue has ${left} messages: repeat the call with force=true.`)
  }

  return {
    async create(call: Call): Promise<Answer> {
      const { start = 'latest', ...input } = call.body as NewQueue & { start?: string }
      const owner = ownerOf(call)
      return { data: present(await queues.create(call.caller, owner, input, await startOf(owner, start))) }
    },
    async list(call: Call): Promise<Answer> {
      const { organizationId, environment } = ownerOf(call)
      const all = view.list('queue', organizationId).filter(each => each.environment === environment)
      const { items, nextCursor } = pageOf('queues', all, pagingOf(call.query))
      return { data: items.map(present), nextCursor }
    },
    get: (call: Call): Answer => ({ data: present(getQueue(view, ownerOf(call), call.params.id!)) }),
    async patch(call: Call): Promise<Answer> {
      const patch = call.body as QueueSettings
      const { id } = call.params
      return { data: present(await queues.patch(call.caller, ownerOf(call), id!, patch, call.expectedRevision)) }
    },
    async delete(call: Call): Promise<Answer> {
      const owner = ownerOf(call)
      const id = call.params.id!
      getQueue(view, owner, id)
      if (call.query.force !== true) await refuseFull(owner, id)
      await queues.delete(call.caller, owner, id, call.expectedRevision)
      return { data: { id, deleted: true } }
    },
  }
}
