/**
 * Which step of a delivery is its newest, said once for every list and every single read. The one with the highest number; of those with one
 * number the one that began last; of those of one millisecond the one without an attempt, and rather an end than one that says that another
 * attempt will come. The rest only makes it the same one in every list.
 */

/** Texts that `queries/*.sql` name as `{{name}}`. */
export const STEP_FRAGMENTS = {
  /** The filters of lists of deliveries: a webhook's or all, by type and time, with tests or without, before the last one that was shown. */
  ofDeliveries: `organizationId = {organizationId:String} AND environment = {environment:String}
        AND ({webhookId:Nullable(String)} IS NULL OR webhookId = {webhookId:Nullable(String)})
        AND ({withTests:Bool} OR trigger != 'test')
        AND ({type:Nullable(String)} IS NULL OR eventType = {type:Nullable(String)})
        AND ({typePattern:Nullable(String)} IS NULL OR match(eventType, coalesce({typePattern:Nullable(String)}, '')))
        AND ({canonicalEnd:Nullable(String)} IS NULL OR endsWith(canonicalName, coalesce({canonicalEnd:Nullable(String)}, '')))
        AND ({from:Nullable(String)} IS NULL OR createdAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
        AND ({to:Nullable(String)} IS NULL OR createdAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
        AND ({beforeTime:Nullable(String)} IS NULL OR createdAt <= parseDateTime64BestEffort({beforeTime:Nullable(String)}, 3, 'UTC'))
        AND ({beforeTime:Nullable(String)} IS NULL
            OR (createdAt, eventId, deliveryId) < (parseDateTime64BestEffort({beforeTime:Nullable(String)}, 3, 'UTC'), {beforeEvent:Nullable(String)}, {beforeDelivery:Nullable(String)}))`,
  /** What a delivery is made of. */
  stepColumns: `deliveryId, webhookId, eventId, emitId, eventType, canonicalName, sequence, attemptId, number, maxAttempts, trigger, state, reason,
        startedAt, durationMs, responseStatus, errorKind, error, nextAttemptAt, createdAt, replayId`,
  /** For ORDER BY … LIMIT 1 BY deliveryId. */
  newestStepFirst: `number DESC, startedAt DESC, attemptId IS NULL DESC, state != 'retrying' DESC, toString(state) DESC, ifNull(toString(reason), '') DESC,
        toString(trigger) DESC, ifNull(replayId, '') DESC, ifNull(attemptId, '') DESC`,
  /** For argMax(…, place). */
  stepPlace: `(attempts.number, attempts.startedAt, attempts.attemptId IS NULL, attempts.state != 'retrying', toString(attempts.state),
                ifNull(toString(attempts.reason), ''))`,
} as const
