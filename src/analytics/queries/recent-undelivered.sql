-- The newest emits with a delivery that ended without success. The message is the delivery's last error, which may be
-- recorded a moment after the end of the emit, as the two come from different topics. No attempt is older than the
-- oldest of the emits (by two machines' clocks), so older days are not read.
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
