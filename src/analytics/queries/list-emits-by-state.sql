-- As list-emits, for the states that depend on how the deliveries ended: RELAYED, DELIVERED, FAILED. `scan`: how many of the newest emits are looked
-- at, with the ends in the same range of ids; the rest of what is shown is read for the page alone. An emit that is redriven is accepted last.
WITH
    candidates AS
    (
        SELECT emitId, verdict, subscriberCount FROM emits
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND verdict IN ('accepted', 'failed')
            AND channel != 'platform'
            AND ({state:String} != 'RELAYED' OR subscriberCount > 0)
            AND ({name:Nullable(String)} IS NULL OR name = {name:Nullable(String)}
                OR ({namePattern:Nullable(String)} IS NOT NULL AND match(name, coalesce({namePattern:Nullable(String)}, '')))
                OR ({canonicalEnd:Nullable(String)} IS NOT NULL AND endsWith(canonicalName, coalesce({canonicalEnd:Nullable(String)}, '')))
                OR ({kind:Nullable(String)} IS NOT NULL AND name = 'platformxe.generic' AND kind = {kind:Nullable(String)}))
            AND ({from:Nullable(String)} IS NULL OR recordedAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
            AND ({to:Nullable(String)} IS NULL OR recordedAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
            AND ({before:Nullable(String)} IS NULL OR emitId < {before:Nullable(String)})
        ORDER BY emitId DESC, judgedAt DESC
        LIMIT 1 BY emitId
        LIMIT {scan:UInt32}
    ),
    (SELECT (min(emitId), max(emitId)) FROM candidates) AS range,
    ended AS
    (
        SELECT emitId FROM completions
        WHERE organizationId = {organizationId:String} AND environment = {environment:String}
            AND emitId >= range.1 AND emitId <= range.2
            AND ({state:String} = 'RELAYED' OR state = {state:String})
    ),
    page AS
    (
        SELECT emitId FROM
        (
            SELECT emitId, verdict, subscriberCount, emitId IN (SELECT emitId FROM ended) AS hasEnded FROM candidates
        )
        WHERE multiIf(
            {state:String} = 'DELIVERED', verdict = 'accepted' AND (subscriberCount = 0 OR hasEnded),
            {state:String} = 'FAILED', verdict = 'failed' OR hasEnded,
            verdict = 'accepted' AND NOT hasEnded)
        ORDER BY emitId DESC
        LIMIT {limit:UInt32}
    )
SELECT emit.*, completion.state AS finalState, completion.completedAt AS completedAt
FROM
(
    SELECT * EXCEPT (webhooks) FROM emits
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND emitId IN (SELECT emitId FROM page)
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
