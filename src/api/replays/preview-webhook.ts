/** A dry run of a replay or recovery of one webhook, counted from the deliveries that the history has of it. */
import type { Delivery } from '../../analytics/read/delivery.ts'
import type { Reads } from '../../analytics/read/reads.ts'
import type { Clock } from '../../clock.ts'
import { REPLAY_RATE } from '../../control-plane/replays/replays.ts'
import { getWebhook } from '../../control-plane/webhooks/webhooks.ts'
import { createSelectorIndex, notASelector, parseSelector } from '../../events/selector.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import { NOT_A_TIME, parseTime } from '../../model/time.ts'
import { eventsOf, previewOf, readForPreview } from '../../replay/preview.ts'
import { ownerOf } from '../http/caller.ts'
import type { Answer, Call } from '../http/route.ts'

interface Range {
  from: string
  to?: string
  selectors?: string[]
  ratePerSecond: number | undefined
  onlyFailed: boolean
}

const KEPT_MS = 30 * 86_400_000

export function createPreviewWebhook(deps: {
  reads: Pick<Reads, 'searchDeliveries'>
  view: Pick<ControlView, 'find'>
  clock: Clock
}): (call: Call, range: Range) => Promise<Answer> {
  const { reads, view, clock } = deps
  return async (call, { from, to, selectors = [], ratePerSecond = REPLAY_RATE.default, onlyFailed }) => {
    const owner = ownerOf(call)
    const webhook = getWebhook(view, owner, call.params.id!)
    const sinceMs = timeOf(from)
    const since = new Date(Math.max(sinceMs, clock.nowMs() - KEPT_MS)).toISOString()
    const selects = selectedBy(selectors)
    const filter = { ...owner, webhookId: webhook.id, from: since, to }
    const { deliveries, isComplete } = await readForPreview(clock, (limit, cursor) =>
      reads.searchDeliveries({ ...filter, limit, cursor }),
    )
    // The history has the events that the webhook matched then; the engine takes those that it matches now.
    const isSame = Date.parse(webhook.createdAt) <= sinceMs && Date.parse(webhook.updatedAt) <= sinceMs
    return {
      status: 200,
      data: previewOf(eventsOf(deliveries, onlyFailed).filter(selects), {
        ...{ ratePerSecond, isComplete: isComplete && isSame },
        obstacle: () => (webhook.active ? undefined : 'webhook_inactive'),
      }),
    }
  }
}

/** A cursor of the log is no time of the history. Throws `validation_failed`. */
function timeOf(from: string): number {
  const ms = parseTime(from)
  if (ms !== undefined) return ms
  const message = `${NOT_A_TIME}: a dry run counts from a time`
  throw new ClarionError('validation_failed', `The start ${message}.`, {
    details: [{ path: '/from', rule: 'format', message }],
  })
}

/** Throws `invalid_event_selector`. */
function selectedBy(selectors: readonly string[]): (delivery: Delivery) => boolean {
  if (selectors.length === 0) return () => true
  const at = selectors.findIndex(each => parseSelector(each) === undefined)
  if (at >= 0) {
    const message = notASelector(selectors[at]!)
    const details = [{ path: `/selectors/${at}`, rule: 'selector', message }]
    throw new ClarionError('invalid_event_selector', `${message}.`, { details })
  }
  const index = createSelectorIndex([{ selectors, value: true }])
  return ({ eventType: type, canonicalName }) => index.match({ type, canonicalName, kind: null }).length > 0
}
