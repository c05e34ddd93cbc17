/** Why a webhook got an event, or did not: what is recorded first, the settings of now where nothing is. */
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { Delivery } from '../../analytics/read/delivery.ts'
import type { Emit } from '../../analytics/read/emit-reads.ts'
import type { EventHistory, Reads } from '../../analytics/read/reads.ts'
import { ownReceivers } from '../../control-plane/webhooks/webhook-plan.ts'
import { type FailedCondition, failedCondition } from '../../events/failed-condition.ts'
import { createSelectorIndex } from '../../events/selector.ts'
import { parseJson } from '../../json/json.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import { deliveryId, originOf, parseEventId } from '../../model/ids.ts'
import type { Webhook } from '../../model/webhooks.ts'
import { ownerOf, seesPayloads } from '../http/caller.ts'
import type { Answer, Call } from '../http/route.ts'

type Outcome = 'delivered' | 'pending' | 'held' | 'paused' | 'failed' | 'cancelled' | 'skipped' | 'not_matched'

interface Why {
  webhookId: string
  name: string | null
  outcome: Outcome
  reason: string | null
  sentence: string
  basis: 'recorded' | 'current'
  condition?: Omit<FailedCondition, 'actual'> & { actual?: unknown }
  withheld?: true
  deliveryId?: string
}

const PAYLOAD_DEPTH_MAX = 32

export function createWhyHandler(deps: {
  reads: Pick<Reads, 'eventHistory'>
  view: ControlView
  waiting: { of(webhookId: string): { reason: string } | null }
}) {
  const { reads, view, waiting } = deps

  function whyOf(
    history: EventHistory,
    webhook: Pick<Webhook, 'id' | 'name'> & Partial<Webhook>,
    isSeen: boolean,
  ): Why {
    const { emit, deliveries } = history
    const { id: webhookId, name } = webhook
    const considered = emit.webhooks.find(each => each.webhookId === webhookId)
    const id = deliveryId(emit.eventId!, webhookId)
    const delivery = deliveries.find(each => each.id === id)
    if (considered === undefined) return { webhookId, name, ...notConsidered(history, webhook, isSeen) }
    if (considered.skipped === null && delivery !== undefined)
      return { webhookId, name, ...ofDelivery(delivery, webhook), basis: 'recorded', deliveryId: id }
    const isCondition = considered.skipped === 'condition_false'
    const reason = isCondition ? 'condition' : considered.skipped
    const condition = isCondition ? conditionOf(history, webhook, isSeen) : {}
    const sentence = isCondition ? conditionSentence(condition.condition) : `The event was passed by (${reason}).`
    return { webhookId, name, outcome: 'skipped', reason, sentence, basis: 'recorded', ...condition }
  }

  function ofDelivery(
    { status, reason, attempts, responseStatus, lastError, nextAttemptAt }: Delivery,
    webhook: Partial<Webhook> & { id: string },
  ): Pick<Why, 'outcome' | 'reason' | 'sentence'> {
    const tries = attempts === 1 ? 'one attempt' : `${attempts} attempts`
    if (status === 'success')
      return { outcome: 'delivered', reason, sentence: `It was delivered after ${tries} (${responseStatus}).` }
    if (status === 'failed')
      return { outcome: 'failed', reason, sentence: `It failed for good after ${tries}: ${lastError ?? reason}.` }
    if (status === 'cancelled') return { outcome: 'cancelled', reason, sentence: `It was cancelled (${reason}).` }
    if (status === 'skipped') return { outcome: 'skipped', reason, sentence: `It was left out (${reason}).` }
    if (webhook.active === false)
      return {
        outcome: 'paused',
        reason: 'inactive',
        sentence: 'The webhook is off: it gets the event when it is on again.',
      }
    if (attempts === 0 && waiting.of(webhook.id) !== null)
      return {
        outcome: 'held',
        reason: waiting.of(webhook.id)!.reason,
        sentence: 'Events of this webhook are held back: it waits in the log.',
      }
    const next = nextAttemptAt === null ? '' : ` The next attempt is due at ${nextAttemptAt}.`
    return {
      outcome: 'pending',
      reason,
      sentence: `It has had ${attempts === 0 ? 'no attempt' : tries} so far.${next}`,
    }
  }

  function notConsidered(
    history: EventHistory,
    webhook: Partial<Webhook> & { id: string },
    isSeen: boolean,
  ): Omit<Why, 'webhookId' | 'name'> {
    const { emit } = history
    const none = (reason: string, sentence: string, basis: Why['basis'] = 'current') =>
      ({ outcome: 'not_matched', reason, sentence, basis }) as const
    const { createdAt = '', environment, events = [] } = webhook
    if (environment !== emit.environment)
      return none(
        'other_environment',
        `The webhook is of the environment ${environment}, the event of ${emit.environment}.`,
        'recorded',
      )
    if (createdAt > emit.recordedAt)
      return none('created_later', `The webhook was made at ${createdAt}, after the event.`, 'recorded')
    const event = factsOf(emit)
    if (createSelectorIndex([{ selectors: events, value: true }]).match(event).length === 0)
      return none('selector', `None of its selectors (${events.slice(0, 5).join(', ')}) selects ${emit.name}.`)
    const condition = conditionOf(history, webhook, isSeen)
    if (condition.condition !== undefined)
      return { ...none('condition', conditionSentence(condition.condition)), ...condition }
    return none('selector', 'Its selectors select the event now; they did not when it was accepted.')
  }

  function conditionOf(
    { emit, payload }: EventHistory,
    { conditions }: Partial<Webhook>,
    isSeen: boolean,
  ): Pick<Why, 'condition' | 'withheld'> {
    if (!conditions || payload === null) return {}
    const parsed = parseJson(Buffer.from(payload), { depthMax: PAYLOAD_DEPTH_MAX, duplicateKeys: 'refuse' })
    const failed = parsed.ok ? failedCondition(conditions, factsOf(emit), parsed.value) : undefined
    if (failed === undefined) return {}
    const { actual, ...stated } = failed
    if (!isSeen) return { condition: stated, withheld: true }
    return { condition: actual === undefined ? stated : { ...stated, actual } }
  }

  return async (call: Call): Promise<Answer> => {
    const owner = ownerOf(call)
    const { organizationId, environment } = owner
    const eventId = call.params.id!
    const { webhookId } = call.query as { webhookId?: string }
    const origin = parseEventId(eventId)?.origin
    const isOwn = (['emits', 'platform'] as const).some(kind => originOf(kind, organizationId, environment) === origin)
    const history = isOwn ? await reads.eventHistory(organizationId, environment, eventId) : undefined
    if (history === undefined) throw new ClarionError('not_found', 'There is no such event.')
    const all = ownReceivers(view.webhooks(organizationId))
    const gone = history.emit.webhooks
      .filter(each => view.find('webhook', organizationId, each.webhookId) === undefined)
      .map(each => ({ id: each.webhookId, name: null }))
    const asked = [
      ...all.filter(each => (webhookId === undefined ? each.environment === environment : each.id === webhookId)),
      ...gone.filter(each => webhookId === undefined || each.id === webhookId),
    ]
    if (webhookId !== undefined && asked.length === 0) throw new ClarionError('not_found', 'There is no such webhook.')
    const isSeen = seesPayloads(call)
    return { data: { eventId, webhooks: asked.map(webhook => whyOf(history, webhook, isSeen)) } }
  }
}

function conditionSentence(condition: Why['condition']): string {
  if (condition === undefined) return 'A condition of the webhook was not met.'
  const { path, operator, expected, actual } = condition
  const is = 'actual' in condition ? ` (it is ${JSON.stringify(actual)})` : ''
  return `The condition ${path} ${operator} ${JSON.stringify(expected)} is not met${is}.`
}

/** The event as its conditions read it. */
function factsOf(emit: Emit): EventFacts {
  const { emitId, organizationId, environment, name, kind, source, subject, actorId, correlationId, causationId } = emit
  return {
    ...{ emitId, organizationId, environment, kind, source, subject, actorId, correlationId, causationId },
    ...{
      eventId: emit.eventId ?? '',
      sequence: emit.sequence ?? 0,
      type: name,
      canonicalName: emit.canonicalName ?? '',
    },
    ...{ timeMs: Date.parse(emit.time), recordedAtMs: Date.parse(emit.recordedAt) },
    ...{ schemaVersion: emit.schemaVersion ?? '', schemaHash: emit.schemaHash ?? '', traceparent: emit.traceparent },
    ...{ rootEventId: emit.rootEventId ?? '', depth: emit.depth, path: emit.path, federation: emit.federation },
  }
}
