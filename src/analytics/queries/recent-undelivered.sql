-- The newest emits of which a delivery ended without success. A delivery's last error is the message: it may come a moment after the end of the
-- emit, as the two are recorded from different topics. No attempt is older than the oldest of the emits (by two
-- machines' clocks), which spares reading older days.
WITH
    undelivered AS
    (
        SELECT emitId, eventId, recordedAt FROM completions
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND state = 'FAILED'
        ORDER BY emitId DESC
        LIMIT {limit:UInt32}
    ),
    errors AS
    (
        SELECT emitId, argMax(coalesce(error, reason), startedAt) AS message FROM attempts
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND state = 'failed'
            AND startedAt >= (SELECT min(recordedAt) FROM undelivered) - INTERVAL 1 HOUR
            AND eventId IN (SELECT eventId FROM undelivered)
        GROUP BY emitId
    )
SELECT emit.emitId AS id, coalesce(emit.canonicalName, emit.name) AS canonicalName,
    coalesce(errors.message, 'A delivery failed; its last attempt is still being recorded.') AS errorMessage, emit.recordedAt AS createdAt
FROM emits AS emit
LEFT JOIN errors ON errors.emitId = emit.emitId
WHERE emit.organizationId = {organizationId:String} AND emit.environment = {environment:String} AND emit.verdict = 'accepted'
    AND emit.emitId IN (SELECT emitId FROM undelivered)
ORDER BY id DESC
LIMIT {limit:UInt32}
SETTINGS join_use_nulls = 1
