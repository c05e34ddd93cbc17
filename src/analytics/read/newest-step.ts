/**
 * The definition of a delivery's newest step, shared by every list and single read: the step with the highest number;
 * among equal numbers the one that started last; within one millisecond the one without an attempt, and an end rather
 * than a step that announces another attempt. The remaining columns only make the choice deterministic.
 */

/** Texts that `queries/*.sql` refer to as `{{name}}`. */
export const STEP_FRAGMENTS = {
  /**
   * The filters of lists of deliveries: one webhook or all, by type and time, with tests or without, before the last
   * item shown.
   */
  ofDeliveries: `organizationId = {organizationId:String} AND environment = {environment:String}
        AND ({webhookId:Nullable(String)} IS NULL OR webhookId = {webhookId:Nullable(String)})
        AND ({eventId:Nullable(String)} IS NULL OR eventId = {eventId:Nullable(String)})
        AND ({withTests:Bool} OR trigger != 'test')
        AND ({type:Nullable(String)} IS NULL OR eventType = {type:Nullable(String)})
        AND ({typePattern:Nullable(String)} IS NULL OR match(eventType, coalesce({typePattern:Nullable(String)}, '')))
        AND ({canonicalEnd:Nullable(String)} IS NULL OR endsWith(canonicalName, coalesce({canonicalEnd:Nullable(String)}, '')))
        AND ({from:Nullable(String)} IS NULL OR createdAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
        AND ({to:Nullable(String)} IS NULL OR createdAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
        AND ({beforeTime:Nullable(String)} IS NULL OR createdAt <= parseDateTime64BestEffort({beforeTime:Nullable(String)}, 3, 'UTC'))
        AND ({beforeTime:Nullable(String)} IS NULL
            OR (createdAt, eventId, deliveryId) < (parseDateTime64BestEffort({beforeTime:Nullable(String)}, 3, 'UTC'), {beforeEvent:Nullable(String)}, {beforeDelivery:Nullable(String)}))`,
  /** The required newest step. */
  stepMatches: `({state:Nullable(String)} IS NULL OR state = {state:Nullable(String)})
        AND ({errorKind:Nullable(String)} IS NULL OR errorKind = {errorKind:Nullable(String)})
        AND ({responseStatus:Nullable(UInt16)} IS NULL OR responseStatus = {responseStatus:Nullable(UInt16)})
        AND ({trigger:Nullable(String)} IS NULL OR trigger = {trigger:Nullable(String)})
        AND ({replayId:Nullable(String)} IS NULL OR replayId = {replayId:Nullable(String)})`,
  /** The required error of a failed step. */
  errorMatches: `({errorKind:Nullable(String)} IS NULL OR errorKind = {errorKind:Nullable(String)})
        AND ({responseStatus:Nullable(UInt16)} IS NULL OR responseStatus = {responseStatus:Nullable(UInt16)})`,
  /** The columns of a delivery. */
  stepColumns: `deliveryId, webhookId, eventId, emitId, eventType, canonicalName, sequence, attemptId, number, maxAttempts, trigger, state, reason,
        startedAt, durationMs, responseStatus, errorKind, error, nextAttemptAt, createdAt, replayId`,
  /** For ORDER BY … LIMIT 1 BY deliveryId. */
  newestStepFirst: `number DESC, startedAt DESC, attemptId IS NULL DESC, state != 'retrying' DESC, toString(state) DESC, ifNull(toString(reason), '') DESC,
        toString(trigger) DESC, ifNull(replayId, '') DESC, ifNull(attemptId, '') DESC`,
  /** For argMax(…, place). */
  stepPlace: `(attempts.number, attempts.startedAt, attempts.attemptId IS NULL, attempts.state != 'retrying', toString(attempts.state),
                ifNull(toString(attempts.reason), ''))`,
} as const
