-- The newest emits that were judged as failed, and whether a redrive has made an event of them since. `scan`: number of
-- newest ones examined, because redriven ones no longer count as failures.
WITH failed AS
(
    SELECT emitId, coalesce(canonicalName, name) AS shownName, message, recordedAt FROM emits
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND verdict = 'failed'
    ORDER BY emitId DESC, judgedAt DESC
    LIMIT 1 BY emitId
    LIMIT {scan:UInt32}
)
SELECT
    emitId AS id, shownName AS canonicalName, message AS errorMessage, recordedAt AS createdAt,
    emitId IN
    (
        SELECT emitId FROM emits
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND verdict = 'accepted'
            AND emitId IN (SELECT emitId FROM failed)
    ) AS isRedriven
FROM failed
ORDER BY id DESC
SETTINGS max_block_size = 8192
