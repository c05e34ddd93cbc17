-- The last emits that failed: by verdict, or because a delivery ended without success. A delivery's last error is the message: it
-- may come a moment after the end of the emit, as the two are recorded from different topics.
WITH
    judged AS
    (
        SELECT emitId, verdict, coalesce(canonicalName, name) AS canonicalName, message, recordedAt FROM emits
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND verdict = 'failed'
            AND emitId NOT IN
            (
                SELECT emitId FROM emits
                WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND verdict = 'accepted'
                    AND emitId IN
                    (
                        SELECT emitId FROM emits
                        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND verdict = 'failed'
                    )
            )
        ORDER BY emitId DESC, judgedAt DESC
        LIMIT 1 BY emitId
        LIMIT {limit:UInt32}
    ),
    undelivered AS
    (
        SELECT emitId, eventId FROM completions
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND state = 'FAILED'
        ORDER BY emitId DESC
        LIMIT {limit:UInt32}
    ),
    errors AS
    (
        SELECT emitId, argMax(coalesce(error, reason), startedAt) AS message FROM attempts
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND state = 'failed'
            AND eventId IN (SELECT eventId FROM undelivered)
        GROUP BY emitId
    )
SELECT emitId AS id, canonicalName, message AS errorMessage, recordedAt AS createdAt
FROM
(
    SELECT emitId, canonicalName, message, recordedAt FROM judged
    UNION ALL
    SELECT emit.emitId AS emitId, coalesce(emit.canonicalName, emit.name) AS canonicalName,
        coalesce(errors.message, 'A delivery failed; its last attempt is still being recorded.') AS message, emit.recordedAt AS recordedAt
    FROM emits AS emit
    LEFT JOIN errors ON errors.emitId = emit.emitId
    WHERE emit.organizationId = {organizationId:String} AND emit.environment = {environment:String} AND emit.verdict = 'accepted'
        AND emit.emitId IN (SELECT emitId FROM undelivered)
)
ORDER BY id DESC
LIMIT {limit:UInt32}
SETTINGS join_use_nulls = 1
