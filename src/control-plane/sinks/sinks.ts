/**
 * Sinks of an environment: topics in clusters of organizations' own. A sink is kept as a webhook, so that the engine has
 * one kind of receiver (docs/decisions/0050, 0143).
 */
import type { Clock } from '../../clock.ts'
import type { SecretBox } from '../../crypto/secret-box.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import { type KafkaSink, sinkUrl } from '../../model/sinks.ts'
import type { Webhook } from '../../model/webhooks.ts'
import type { Validators } from '../../registry/validators.ts'
import type { Announce, Announcement, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { DecisionView } from '../store/overlay.ts'
import { checkRevision, revised } from '../store/revision.ts'
import type { ControlStore, Decision } from '../store/store.ts'
import { type RetryPolicy, retryDelaysMs } from '../webhooks/retry-policy.ts'
import { type ResumeFrom, switched } from '../webhooks/switched.ts'
import { freeWebhookId } from '../webhooks/webhook-ids.ts'
import { checkWebhookQuota, checkWritable } from '../webhooks/webhook-plan.ts'
import { checkedSettings } from '../webhooks/webhook-settings.ts'
import { WEBHOOK_API_VERSION, WEBHOOK_DEFAULTS } from '../webhooks/webhooks.ts'
import { type CheckBroker, checkedSink, checkSinkType, type SinkConfig } from './sink-config.ts'

/** As many as an organization may have in flight: a producer gathers them. */
const IN_FLIGHT_MAX = 256

export interface SinkSettings {
  name?: string | null
  events?: string[]
  conditions?: unknown
  /** Replaces the former one as a whole, password included. */
  config?: SinkConfig
  ordering?: Webhook['ordering']
  retry?: RetryPolicy
  active?: boolean
}

export interface NewSink extends SinkSettings {
  type: string
  events: string[]
  config: SinkConfig
}

export type Sink = Webhook & { sink: KafkaSink }

export interface Sinks {
  /**
   * Errors: `sink_type_not_supported`, `invalid_sink_config`, `invalid_event_selector`, `invalid_retry_policy`,
   * `validation_failed`, `webhook_quota_exceeded`.
   */
  create(caller: Caller, owner: Owner, input: NewSink): Promise<Sink>
  /** Errors: those of `create`, `not_found`, `revision_conflict`. */
  patch(caller: Caller, owner: Owner, id: string, patch: SinkSettings, revision?: number): Promise<Sink>
  /** Switches it on. Errors: `not_found`, `revision_conflict`, `webhook_quota_exceeded`. */
  activate(caller: Caller, owner: Owner, id: string, resume: ResumeFrom, revision?: number): Promise<Sink>
  /** Errors: `not_found`, `revision_conflict`. */
  delete(caller: Caller, owner: Owner, id: string, revision?: number): Promise<void>
}

export function createSinks(deps: {
  store: ControlStore
  view: ControlView
  ids: Ids
  clock: Clock
  announce: Announce
  secrets: SecretBox
  validators: Validators
  checkBroker?: CheckBroker
}): Sinks {
  const { store, view, ids, clock, announce, secrets } = deps

  function fieldsOf({ config, name, events, conditions, ordering, retry }: SinkSettings): Partial<Sink> {
    const given = { name, events, conditions, ordering, retry }
    const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    const fields = checkedSettings(present, { ...deps, checkUrl: () => undefined }) as Partial<Sink>
    if (config === undefined) return fields
    const sink = checkedSink(config, deps.checkBroker)
    return { ...fields, sink, url: sinkUrl(sink), encryptedSecret: secrets.encrypt(config.sasl?.password ?? '') }
  }

  function change(
    caller: Caller,
    owner: Owner,
    id: string,
    revision: number | undefined,
    decide: (before: Sink, current: DecisionView) => { fields: Partial<Sink>; data: Record<string, unknown> },
  ): Promise<Sink> {
    return store.change(ids.next('chg'), (current): Decision<Sink> => {
      const before = getSink(current, owner, id)
      checkRevision(before, revision)
      const { fields, data } = decide(before, current)
      if (Object.keys(fields).length === 0) return { records: [], changes: [], result: before }
      const after = revised(before, fields, clock.nowMs())
      const about = { previousStatus: statusOf(before), status: statusOf(after), data }
      return {
        records: [{ kind: 'webhook', record: after }],
        changes: [announce(caller, { ...of(after, 'SINK_UPDATED'), ...about })],
        result: after,
      }
    })
  }

  const checkPlan = (current: DecisionView, { organizationId }: Owner, id: string): void =>
    checkWritable(getOrganization(current, organizationId), current.webhooks(organizationId), id)

  return {
    async create(caller, owner, input) {
      checkSinkType(input.type)
      const now = new Date(clock.nowMs()).toISOString()
      const fields = fieldsOf(input) as Pick<Sink, 'sink' | 'url' | 'events' | 'encryptedSecret'> & Partial<Sink>
      const active = input.active ?? true
      const draft: Sink = {
        ...{ id: freeWebhookId(ids, 'snk', view.webhooks(owner.organizationId)), ...owner, revision: 1 },
        ...{ createdAt: now, updatedAt: now, name: null, description: null, active, pausedAt: active ? null : now },
        ...{ ...WEBHOOK_DEFAULTS, maxInFlight: IN_FLIGHT_MAX, retryDelaysMs: retryDelaysMs() },
        ...{ apiVersion: WEBHOOK_API_VERSION, ...fields },
      }
      return store.change(ids.next('chg'), current => {
        const existing = current.webhooks(owner.organizationId)
        checkWebhookQuota(getOrganization(current, owner.organizationId), existing)
        const sink = { ...draft, id: freeWebhookId(ids, 'snk', existing, draft.id) }
        const data = { url: sink.url, events: sink.events }
        return {
          records: [{ kind: 'webhook', record: sink }],
          changes: [announce(caller, { ...of(sink, 'SINK_CREATED'), status: statusOf(sink), data })],
          result: sink,
        }
      })
    },
    async patch(caller, owner, id, input, revision) {
      // An unknown one is not found, whatever else is wrong.
      getSink(view, owner, id)
      const fields = fieldsOf(input)
      const isPause = input.active === false && Object.keys(input).length === 1
      return change(caller, owner, id, revision, (before, current) => {
        if (!isPause) checkPlan(current, owner, id)
        const all = { ...fields, ...switched(input.active, before, 'from_pause', clock.nowMs()) } as Partial<Sink>
        return { fields: all, data: { changed: Object.keys(input) } }
      })
    },
    activate: (caller, owner, id, resume, revision) =>
      change(caller, owner, id, revision, (before, current) => {
        checkPlan(current, owner, id)
        const fields = switched(true, before, resume, clock.nowMs()) as Partial<Sink>
        return { fields, data: { changed: ['active'], resume } }
      }),
    delete: (caller, owner, id, revision) =>
      store.change(ids.next('chg'), current => {
        const sink = getSink(current, owner, id)
        checkRevision(sink, revision)
        const about = { previousStatus: statusOf(sink), status: 'deleted' }
        return {
          records: [{ kind: 'webhook', remove: { organizationId: owner.organizationId, id } }],
          changes: [announce(caller, { ...of(sink, 'SINK_DELETED'), ...about })],
          result: undefined,
        }
      }),
  }
}

/** Throws `not_found`, also for a sink of the other environment. */
export function getSink(view: Pick<ControlView, 'find'>, owner: Owner, id: string): Sink {
  const found = view.find('webhook', owner.organizationId, id)
  if (found === undefined || found.environment !== owner.environment || !isSink(found))
    throw new ClarionError('not_found', 'There is no such sink.')
  return found
}

export const isSink = (webhook: Webhook): webhook is Sink => webhook.sink !== undefined

const of = (sink: Sink, type: string): Announcement => ({
  organizationId: sink.organizationId,
  type,
  entityType: 'sink',
  entityId: sink.id,
})

const statusOf = ({ active }: Webhook) => (active ? 'active' : 'paused')
