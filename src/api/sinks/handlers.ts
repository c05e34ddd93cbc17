/** Sinks of the key's environment. See docs/specification/sinks.md. */
import type { Reads } from '../../analytics/read/reads.ts'
import { NO_ACTIVITY, UNKNOWN_ACTIVITY, type WebhookActivity } from '../../analytics/read/webhook-reads.ts'
import {
  getSink,
  isSink,
  type NewSink,
  type Sink,
  type SinkSettings,
  type Sinks,
} from '../../control-plane/sinks/sinks.ts'
import { presentRetryPolicy } from '../../control-plane/webhooks/retry-policy.ts'
import type { ResumeFrom } from '../../control-plane/webhooks/switched.ts'
import type { Pings } from '../../delivery/ping.ts'
import type { ControlView } from '../../model/control-view.ts'
import { ownerOf } from '../http/caller.ts'
import { pageOf, pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { unlessAway } from '../http/unless-away.ts'

export function createSinkHandlers(deps: {
  sinks: Sinks
  pings: Pick<Pings, 'send'>
  reads: Pick<Reads, 'webhookActivity'>
  /** Events that it is owed. */
  waiting: { of(id: string): object | null }
  view: ControlView
}) {
  const { sinks, view } = deps
  const id = (call: Call) => call.params.id!

  function present(sink: Sink, activity: WebhookActivity) {
    const { environment, revision, createdAt, updatedAt, name, events, conditions } = sink
    const { type, ...config } = sink.sink
    return {
      ...{ id: sink.id, environment, revision, createdAt, updatedAt, name, type, events, config, conditions },
      ...{ ordering: sink.ordering, active: sink.active, pausedAt: sink.pausedAt, health: sink.health },
      ...{ failingSince: sink.failingSince, retry: presentRetryPolicy(sink.retryDelaysMs) },
      ...activity,
      waiting: deps.waiting.of(sink.id),
    }
  }

  async function presentAll(all: readonly Sink[]): Promise<object[]> {
    const [first] = all
    if (first === undefined) return []
    const ids = all.map(each => each.id)
    const activity = await deps.reads.webhookActivity(first.organizationId, first.environment, ids).catch(unlessAway)
    return all.map(sink =>
      present(sink, activity === undefined ? UNKNOWN_ACTIVITY : (activity.get(sink.id) ?? NO_ACTIVITY)),
    )
  }
  const presented = async (sink: Sink): Promise<Answer> => ({ data: (await presentAll([sink]))[0]! })

  return {
    async create(call: Call): Promise<Answer> {
      return { data: present(await sinks.create(call.caller, ownerOf(call), call.body as NewSink), NO_ACTIVITY) }
    },
    async list(call: Call): Promise<Answer> {
      const { organizationId, environment } = ownerOf(call)
      const { health, active } = call.query as { health?: Sink['health']; active?: boolean }
      const all = view
        .webhooks(organizationId)
        .filter(isSink)
        .filter(each => each.environment === environment)
        .filter(each => (health ?? each.health) === each.health && (active ?? each.active) === each.active)
      const { items, nextCursor } = pageOf('sinks', all, pagingOf(call.query))
      return { data: await presentAll(items), nextCursor }
    },
    get: (call: Call): Promise<Answer> => presented(getSink(view, ownerOf(call), id(call))),
    async patch(call: Call): Promise<Answer> {
      const patch = call.body as SinkSettings
      return presented(await sinks.patch(call.caller, ownerOf(call), id(call), patch, call.expectedRevision))
    },
    async activate(call: Call): Promise<Answer> {
      const { resume = 'from_pause' } = (call.body ?? {}) as { resume?: ResumeFrom }
      return presented(await sinks.activate(call.caller, ownerOf(call), id(call), resume, call.expectedRevision))
    },
    test: async (call: Call): Promise<Answer> => ({
      data: await deps.pings.send(getSink(view, ownerOf(call), id(call)), true),
    }),
    async delete(call: Call): Promise<Answer> {
      await sinks.delete(call.caller, ownerOf(call), id(call), call.expectedRevision)
      return { data: { id: id(call), deleted: true } }
    },
  }
}
