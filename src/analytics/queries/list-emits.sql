-- A page of emits, newest first; what the platform emitted is not the organization's. The page is found by few columns and in small blocks: a part of
-- the table is read from its end, a block at least, and there are many. All else is looked up for the page alone.
WITH page AS
(
    SELECT emitId FROM emits
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND channel != 'platform'
        AND ({verdict:Nullable(String)} IS NULL OR verdict = {verdict:Nullable(String)})
        AND ({name:Nullable(String)} IS NULL OR name = {name:Nullable(String)}
            OR ({namePattern:Nullable(String)} IS NOT NULL AND match(name, coalesce({namePattern:Nullable(String)}, '')))
            OR ({canonicalEnd:Nullable(String)} IS NOT NULL AND endsWith(canonicalName, coalesce({canonicalEnd:Nullable(String)}, '')))
            OR ({kind:Nullable(String)} IS NOT NULL AND name = 'platformxe.generic' AND kind = {kind:Nullable(String)}))
        AND ({from:Nullable(String)} IS NULL OR recordedAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
        AND ({to:Nullable(String)} IS NULL OR recordedAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
        AND ({before:Nullable(String)} IS NULL OR emitId < {before:Nullable(String)})
    ORDER BY emitId DESC
    LIMIT 1 BY emitId
    LIMIT {limit:UInt32}
)
SELECT emit.*, completion.state AS finalState, completion.completedAt AS completedAt
FROM
(
    SELECT * EXCEPT (webhooks) FROM emits
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND emitId IN (SELECT emitId FROM page)
        AND ({verdict:Nullable(String)} IS NULL OR verdict = {verdict:Nullable(String)})
    ORDER BY emitId DESC, judgedAt DESC
    LIMIT 1 BY emitId
) AS emit
LEFT JOIN
(
    SELECT emitId, state, completedAt FROM completions
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND emitId IN (SELECT emitId FROM page)
) AS completion ON completion.emitId = emit.emitId
ORDER BY emit.emitId DESC
SETTINGS join_use_nulls = 1, max_block_size = 8192
