/** Conditions on rows of `emits` that several lists share. `queries/*.sql` refer to them as `{{name}}`. */

const OWN = 'organizationId = {organizationId:String} AND environment = {environment:String}'

const PLACES = `${OWN}
        AND ({from:Nullable(String)} IS NULL OR recordedAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
        AND ({to:Nullable(String)} IS NULL OR recordedAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
        AND ({before:Nullable(String)} IS NULL OR emitId < {before:Nullable(String)})`

export const EMIT_FRAGMENTS = {
  /** Of the organization, by time, before the last item shown: what a window of a list is measured by. */
  emitPlaces: `${PLACES}`,

  /** The filters of the lists of emits: all of them hold. */
  emitFilters: `${PLACES}
        AND ({name:Nullable(String)} IS NULL OR name = {name:Nullable(String)}
            OR ({namePattern:Nullable(String)} IS NOT NULL AND match(name, coalesce({namePattern:Nullable(String)}, '')))
            OR ({canonicalEnd:Nullable(String)} IS NOT NULL AND endsWith(canonicalName, coalesce({canonicalEnd:Nullable(String)}, '')))
            OR ({kind:Nullable(String)} IS NOT NULL AND name = 'platformxe.generic' AND kind = {kind:Nullable(String)}))
        AND ({verdict:Nullable(String)} IS NULL OR verdict = {verdict:Nullable(String)})
        AND ({code:Nullable(String)} IS NULL OR code = {code:Nullable(String)})
        AND ({channel:Nullable(String)} IS NULL OR channel = {channel:Nullable(String)})
        AND ({subject:Nullable(String)} IS NULL OR subject = {subject:Nullable(String)})
        AND ({keyId:Nullable(String)} IS NULL OR actorId = {keyId:Nullable(String)})
        AND ({correlationId:Nullable(String)} IS NULL OR correlationId = {correlationId:Nullable(String)})
        AND ({idempotencyKey:Nullable(String)} IS NULL OR idempotencyKey = {idempotencyKey:Nullable(String)})
        AND ({matchedId:Nullable(String)} IS NULL OR has(webhooks.webhookId, assumeNotNull({matchedId:Nullable(String)}))
            AND arrayExists(considered -> considered.webhookId = {matchedId:Nullable(String)} AND isNull(considered.skipped), webhooks))
        AND (NOT {noSubscriber:Bool} OR verdict = 'accepted' AND subscriberCount = 0)`,

  /** A failed row counts unless a redrive has been judged since: only such emits have more than one row. */
  isNewestVerdict: `(verdict != 'failed' OR (emitId, judgedAt) IN
        (
            SELECT emitId, max(judgedAt) FROM emits
            WHERE ${OWN} AND emitId IN (SELECT emitId FROM emits WHERE ${OWN} AND verdict = 'failed')
            GROUP BY emitId
        ))`,

  /** Redriven emits: the only ones recorded later than their ids say. */
  isRedriven: `emitId IN (SELECT emitId FROM emits WHERE ${OWN} AND verdict = 'failed')`,

  /**
   * Events that admission matched with a webhook, or skipped (`skipped`: none, only, any), by type and time, before a
   * position. Bounded by the retention of attempts: for an older event it is unknown whether it was delivered.
   */
  matchedByWebhook: `${OWN} AND verdict = 'accepted'
    AND has(webhooks.webhookId, {webhookId:String})
    AND arrayExists(considered -> considered.webhookId = {webhookId:String}
        AND ({skipped:String} = 'any' OR isNull(considered.skipped) != ({skipped:String} = 'only')), webhooks)
    AND ({type:Nullable(String)} IS NULL OR name = {type:Nullable(String)})
    AND ({typePattern:Nullable(String)} IS NULL OR match(name, coalesce({typePattern:Nullable(String)}, '')))
    AND ({canonicalEnd:Nullable(String)} IS NULL OR endsWith(emits.canonicalName, coalesce({canonicalEnd:Nullable(String)}, '')))
    AND ({from:Nullable(String)} IS NULL OR recordedAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
    AND ({to:Nullable(String)} IS NULL OR recordedAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
    AND recordedAt >= now64(3, 'UTC') - INTERVAL 62 DAY
    AND ({beforeTime:Nullable(String)} IS NULL OR recordedAt <= parseDateTime64BestEffort({beforeTime:Nullable(String)}, 3, 'UTC'))
    AND ({beforeTime:Nullable(String)} IS NULL
        OR (recordedAt, emitId) < (parseDateTime64BestEffort({beforeTime:Nullable(String)}, 3, 'UTC'), {beforeEmit:Nullable(String)}))`,

  /** Accepted events for which admission considered webhooks, by type and time, while attempts are kept. */
  consideredEvents: `${OWN} AND verdict = 'accepted' AND notEmpty(webhooks)
    AND ({webhookId:Nullable(String)} IS NULL OR has(webhooks.webhookId, assumeNotNull({webhookId:Nullable(String)})))
    AND ({eventId:Nullable(String)} IS NULL OR eventId = {eventId:Nullable(String)})
    AND ({type:Nullable(String)} IS NULL OR name = {type:Nullable(String)})
    AND ({typePattern:Nullable(String)} IS NULL OR match(name, coalesce({typePattern:Nullable(String)}, '')))
    AND ({canonicalEnd:Nullable(String)} IS NULL OR endsWith(emits.canonicalName, coalesce({canonicalEnd:Nullable(String)}, '')))
    AND ({from:Nullable(String)} IS NULL OR recordedAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
    AND ({to:Nullable(String)} IS NULL OR recordedAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
    AND recordedAt >= now64(3, 'UTC') - INTERVAL 62 DAY
    AND ({beforeTime:Nullable(String)} IS NULL
        OR (recordedAt, emitId) < (parseDateTime64BestEffort({beforeTime:Nullable(String)}, 3, 'UTC'), {beforeEmit:Nullable(String)}))`,

  /** All of the emits in `page`, newest first, each with its completion; without the webhooks considered. */
  emitsOfPage: `SELECT emit.*, completion.state AS finalState, completion.completedAt AS completedAt
FROM
(
    SELECT * EXCEPT (webhooks) FROM emits
    WHERE ${OWN} AND emitId IN (SELECT emitId FROM page)
    ORDER BY emitId DESC, judgedAt DESC
    LIMIT 1 BY emitId
) AS emit
LEFT JOIN
(
    SELECT emitId, state, completedAt FROM completions
    WHERE ${OWN} AND emitId IN (SELECT emitId FROM page)
    ORDER BY emitId, completedAt DESC, state DESC
    LIMIT 1 BY emitId
) AS completion ON completion.emitId = emit.emitId
ORDER BY emit.emitId DESC
SETTINGS join_use_nulls = 1, max_block_size = 8192`,
} as const
