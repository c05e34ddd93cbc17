/**
 * Which step of a delivery is its newest, said once for every list and every single read. The one with the highest number; of those with one
 * number the one that began last; of those of one millisecond the one without an attempt, and rather an end than one that says that another
 * attempt will come. The rest only makes it the same one in every list.
 */

/** Texts that `queries/*.sql` name as `{{name}}`. */
export const STEP_FRAGMENTS = {
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
