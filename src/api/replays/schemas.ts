import { REPLAY_TARGETS_MAX } from '../../control-plane/replays/replay-targets.ts'
import { REPLAY_RATE } from '../../control-plane/replays/replays.ts'
import { REPLAY_TARGETS } from '../../model/replays.ts'
import { boolean, integer, nullable, object, oneOf, optionalText, string, text, time } from '../http/schema-parts.ts'
import { deliveryFields } from '../shared/delivery-schemas.ts'
import { REPLAY_STATES } from '../shared/replay-schemas.ts'

export {
  replay,
  replayOptions,
  replayProgress,
  replaySource,
  replayTarget,
  replayTargetState,
} from '../shared/replay-schemas.ts'

const EVENTS_MAX = 1_000

const ratePerSecond = { type: 'integer', minimum: 1, maximum: REPLAY_RATE.most }
const selectors = { type: 'array', items: text(1, 255), maxItems: 100 }
/** A time, or a cursor of the log. */
const from = text(1, 500)
const ids = { type: 'array', items: text(1, 100), minItems: 1, uniqueItems: true }

/** The older form has `webhookId` and its range beside each other; `requested.ts` says which fields go together. */
export const newReplay = object({
  'name?': optionalText(120),
  'source?': object({
    'from?': from,
    'to?': time,
    'selectors?': selectors,
    'subject?': optionalText(255),
    'eventIds?': { ...ids, maxItems: EVENTS_MAX },
    // `events/conditions.ts` checks the rest and reports the place of each fault.
    'conditions?': { type: ['object', 'null'] },
  }),
  'target?': object({ kind: oneOf(REPLAY_TARGETS), 'ids?': { ...ids, maxItems: REPLAY_TARGETS_MAX } }),
  'options?': object({
    'ratePerSecond?': ratePerSecond,
    'onlyFailed?': boolean,
    'includeFederation?': boolean,
    'includeLifecycle?': boolean,
    'dryRun?': boolean,
    'force?': boolean,
  }),
  'webhookId?': string,
  'from?': from,
  'to?': time,
  'selectors?': selectors,
  'ratePerSecond?': ratePerSecond,
  'onlyFailed?': boolean,
})
const range = { from, 'to?': time, 'selectors?': selectors, 'ratePerSecond?': ratePerSecond }
export const webhookReplay = object({ ...range, 'dryRun?': boolean })
export const webhookRecovery = object({ since: time, 'ratePerSecond?': ratePerSecond, 'dryRun?': boolean })

/** An event at a target: with its delivery, or (`id` null) with the time at which it was dealt with. */
export const replayItem = object({
  ...Object.fromEntries(Object.entries(deliveryFields).map(([name, schema]) => [`${name}?`, schema])),
  target: object({ kind: string, id: string }),
  outcome: oneOf(['pending', 'delivered', 'failed', 'skipped', 'would_deliver']),
  reason: nullable(string),
  ...{ eventId: string, emitId: string, eventType: string, canonicalName: string, sequence: integer },
  id: nullable(string),
  'at?': time,
})
export const replayQuery = { 'state?': oneOf(REPLAY_STATES) }

/** The answer for a subscription's replay that ends in time. */
export const replayed = object({ replayed: integer, succeeded: integer, failed: integer })
