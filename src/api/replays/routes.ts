/** Routes of replays and recoveries: of a webhook, of a subscription, and their own. */

import type { Handler, Route } from '../http/route.ts'
import { counted, list, route } from '../http/route-table.ts'
import { preview } from '../shared/preview.ts'
import type { createReplayHandlers } from './handlers.ts'
import * as replays from './schemas.ts'

export interface ReplayHandlers {
  replays: ReturnType<typeof createReplayHandlers>
  replaySubscription: Handler
}

/** The targets of a replay decide which of them it needs. */
const SOME = 'webhooks:manage or federation:manage'
const READ = 'webhooks:read or federation:manage'

// biome-ignore format: a table
export function createReplayRoutes({ replays: on, replaySubscription }: ReplayHandlers): Route[] {
  const suspendable = { refusedWhenSuspended: true }
  return [
    route('POST', '/api/v1/event-subscriptions/:id/replay', 'webhooks:manage', 'Deliver a range of time again, and wait up to 10 seconds for the counts.', { ...suspendable, body: replays.webhookReplay, dryRunAnswer: preview, answer: { anyOf: [replays.replayed, replays.replay] } }, replaySubscription),
    route('POST', '/api/v1/webhooks/:id/replay', 'webhooks:manage', 'Deliver a range of time again; a dry run (200) only counts.', { ...suspendable, body: replays.webhookReplay, answer: replays.replay, dryRunAnswer: preview, status: 202 }, on.replayWebhook),
    route('POST', '/api/v1/webhooks/:id/recover', 'webhooks:manage', 'Deliver the events since then that the webhook has not received with success; a dry run (200) only counts.', { ...suspendable, body: replays.webhookRecovery, answer: replays.replay, dryRunAnswer: preview, status: 202 }, on.recoverWebhook),

    route('POST', '/api/v1/replays', SOME, 'Take stored events to chosen targets again, or count them (dryRun).', { ...suspendable, body: replays.newReplay, answer: replays.replay, status: 202 }, on.create),
    route('GET', '/api/v1/replays', READ, 'List replays.', counted(replays.replay, replays.replayQuery), on.list),
    route('GET', '/api/v1/replays/:id', READ, 'One replay with its progress, in all and by target.', { answer: replays.replay }, on.get),
    route('GET', '/api/v1/replays/:id/items', READ, 'The outcome of each event of a replay, by target.', list(replays.replayItem), on.items),
    route('POST', '/api/v1/replays/:id/cancel', SOME, 'Cancel a replay; deliveries in flight end by themselves.', { answer: replays.replay }, on.cancel),
    route('POST', '/api/v1/replays/:id/pause', SOME, 'Pause a replay.', { answer: replays.replay }, on.pause),
    route('POST', '/api/v1/replays/:id/resume', SOME, 'Resume a replay.', { answer: replays.replay }, on.resume),
  ]
}
