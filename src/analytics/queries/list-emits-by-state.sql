-- As list-emits, for the states that depend on how the deliveries ended: RELAYED, DELIVERED, FAILED. The sets of ended emits are kept to the
-- same time range.
WITH
    ended AS
    (
        SELECT emitId, state FROM completions
        WHERE organizationId = {organizationId:String} AND environment = {environment:String}
            AND ({from:Nullable(String)} IS NULL OR recordedAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
            AND ({to:Nullable(String)} IS NULL OR recordedAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
            AND ({before:Nullable(String)} IS NULL OR emitId < {before:Nullable(String)})
    ),
    page AS
    (
        SELECT * FROM
        (
            SELECT * EXCEPT (webhooks) FROM emits
            WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND verdict IN ('accepted', 'failed')
                AND channel != 'platform'
                AND ({name:Nullable(String)} IS NULL OR name = {name:Nullable(String)})
                AND ({from:Nullable(String)} IS NULL OR recordedAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
                AND ({to:Nullable(String)} IS NULL OR recordedAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
                AND ({before:Nullable(String)} IS NULL OR emitId < {before:Nullable(String)})
            ORDER BY emitId DESC, judgedAt DESC
            LIMIT 1 BY emitId
        )
        WHERE
            ({state:String} = 'DELIVERED' AND verdict = 'accepted'
                AND (subscriberCount = 0 OR emitId IN (SELECT emitId FROM ended WHERE state = 'DELIVERED')))
            OR ({state:String} = 'FAILED' AND (verdict = 'failed' OR emitId IN (SELECT emitId FROM ended WHERE state = 'FAILED')))
            OR ({state:String} = 'RELAYED' AND verdict = 'accepted' AND subscriberCount > 0 AND emitId NOT IN (SELECT emitId FROM ended))
        ORDER BY emitId DESC
        LIMIT {limit:UInt32}
    )
SELECT emit.*, completion.state AS finalState, completion.completedAt AS completedAt
FROM page AS emit
LEFT JOIN
(
    SELECT emitId, state, completedAt FROM completions
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND emitId IN (SELECT emitId FROM page)
) AS completion ON completion.emitId = emit.emitId
ORDER BY emit.emitId DESC
SETTINGS join_use_nulls = 1
