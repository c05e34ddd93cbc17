-- The steps of emits as the lifecycle events that announce them
-- (docs/specification/platform-events.md#steps-of-an-emit), newest first: requested and judged (from the verdict), each
-- subscriber that was given up (from its last attempt), delivered (from the completion). `before…` is the position of
-- the last item shown. Emits of the platform have no steps: there are no lifecycle events about lifecycle events. A
-- window (seconds before that position; 0: none) lets the newest page of a busy organization be read without all the
-- rest.
WITH
    coalesce(
        parseDateTime64BestEffortOrNull({beforeTime:Nullable(String)}, 3, 'UTC'),
        parseDateTime64BestEffortOrNull({to:Nullable(String)}, 3, 'UTC'),
        toDateTime64('2200-01-01 00:00:00', 3, 'UTC')) AS newest,
    (
        SELECT max(judgedAt) FROM emits
        WHERE {windowS:UInt32} > 0 AND organizationId = {organizationId:String} AND environment = {environment:String}
    ) AS newestJudged,
    greatest(
        if({windowS:UInt32} = 0, toDateTime64('1970-01-01 00:00:00', 3, 'UTC'), least(newest, newestJudged) - toIntervalSecond({windowS:UInt32})),
        coalesce(parseDateTime64BestEffortOrNull({from:Nullable(String)}, 3, 'UTC'), toDateTime64('1970-01-01 00:00:00', 3, 'UTC'))) AS since,
ofPlatform AS
(
    SELECT emitId FROM emits
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND channel = 'platform'
        AND ({emitId:Nullable(String)} IS NULL OR emitId = {emitId:Nullable(String)})
),
page AS
(
    SELECT id, type, occurredAt, emitId, webhookId, attempts, error FROM
    (
        SELECT
            concat(emitId, step.1) AS id, step.2 AS type, step.3 AS occurredAt, emitId,
            CAST(NULL, 'Nullable(String)') AS webhookId, toUInt32(0) AS attempts, message AS error
        FROM emits
        ARRAY JOIN arrayConcat(
            [('.0', 'CUSTOM_EVENT_EMIT_REQUESTED', recordedAt)],
            multiIf(
                verdict = 'accepted', [('.1', 'CUSTOM_EVENT_EMIT_RELAYED', judgedAt)],
                verdict = 'rejected', [('.1', 'CUSTOM_EVENT_EMIT_REJECTED', judgedAt)],
                verdict = 'duplicate', [('.1', 'CUSTOM_EVENT_EMIT_DEDUPLICATED', judgedAt)],
                [('.1f', 'CUSTOM_EVENT_EMIT_DELIVERY_FAILED', judgedAt)]),
            if(verdict = 'accepted' AND subscriberCount = 0, [('.3', 'CUSTOM_EVENT_EMIT_DELIVERED', judgedAt)], [])) AS step
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND channel != 'platform'
            AND ({emitId:Nullable(String)} IS NULL OR emitId = {emitId:Nullable(String)})
            AND ({actorId:Nullable(String)} IS NULL OR actorId = {actorId:Nullable(String)})
            AND recordedAt <= newest AND judgedAt >= since
            AND (coalesce({type:Nullable(String)}, '') != 'CUSTOM_EVENT_EMIT_REJECTED' OR verdict = 'rejected')
            AND (coalesce({type:Nullable(String)}, '') != 'CUSTOM_EVENT_EMIT_DEDUPLICATED' OR verdict = 'duplicate')
        UNION ALL
        SELECT concat(emitId, '.2.', webhookId), 'CUSTOM_EVENT_EMIT_DELIVERY_FAILED', addMilliseconds(startedAt, durationMs), emitId, webhookId, number, coalesce(error, reason)
        FROM attempts
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND state = 'failed' AND trigger = 'live'
            AND startedAt <= newest AND startedAt >= since - INTERVAL 5 MINUTE
            AND emitId NOT IN (SELECT emitId FROM ofPlatform)
            AND ({eventId:Nullable(String)} IS NULL OR eventId = {eventId:Nullable(String)}) AND {actorId:Nullable(String)} IS NULL
        UNION ALL
        SELECT concat(emitId, '.3'), 'CUSTOM_EVENT_EMIT_DELIVERED', completedAt, emitId, NULL, toUInt32(0), NULL
        FROM completions
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND state = 'DELIVERED'
            AND completedAt <= newest AND completedAt >= since
            AND emitId NOT IN (SELECT emitId FROM ofPlatform)
            AND ({emitId:Nullable(String)} IS NULL OR emitId = {emitId:Nullable(String)}) AND {actorId:Nullable(String)} IS NULL
    )
    WHERE ({type:Nullable(String)} IS NULL OR type = {type:Nullable(String)})
        AND occurredAt >= since
        AND ({to:Nullable(String)} IS NULL OR occurredAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
        AND ({beforeTime:Nullable(String)} IS NULL
            OR (occurredAt, id) < (parseDateTime64BestEffort({beforeTime:Nullable(String)}, 3, 'UTC'), {beforeId:Nullable(String)}))
    ORDER BY occurredAt DESC, id DESC
    LIMIT 1 BY id
    LIMIT {limit:UInt32}
)
SELECT
    page.id AS id, page.type AS type, page.occurredAt AS occurredAt, page.emitId AS emitId, page.webhookId AS webhookId,
    page.attempts AS attempts, page.error AS error, emit.canonicalName AS canonicalName, emit.name AS name,
    emit.requestedVersion AS requestedVersion, emit.actorId AS actorId, emit.requestId AS requestId, emit.code AS code,
    emit.payloadBytes AS payloadBytes, emit.idempotencyKey IS NOT NULL AS hasIdempotencyKey, emit.eventId AS eventId,
    emit.sequence AS sequence, emit.originalEmitId AS originalEmitId, emit.subscriberCount AS subscriberCount,
    emit.recordedAt AS recordedAt
FROM page
LEFT JOIN
(
    SELECT * FROM emits
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND emitId IN (SELECT emitId FROM page)
    ORDER BY judgedAt DESC
    LIMIT 1 BY emitId
) AS emit ON emit.emitId = page.emitId
ORDER BY occurredAt DESC, id DESC
SETTINGS join_use_nulls = 1
