-- Emits that are DELIVERED or FAILED, newest first, down to a position. Driven by completions, so that open emits cost
-- nothing; emits without deliveries are delivered at once, and emits that could not be written have failed.
WITH page AS
(
    SELECT emitId FROM
    (
        SELECT emitId FROM emits
        WHERE {{emitFilters}}
            AND verdict = 'accepted' AND subscriberCount > 0
            AND emitId IN
            (
                SELECT emitId FROM
                (
                    SELECT emitId, argMax(toString(state), (completedAt, toString(state))) AS last FROM completions
                    WHERE organizationId = {organizationId:String} AND environment = {environment:String}
                        AND ({reached:Nullable(String)} IS NULL OR emitId >= {reached:Nullable(String)})
                        AND ({before:Nullable(String)} IS NULL OR emitId < {before:Nullable(String)})
                    GROUP BY emitId
                )
                WHERE last = {state:String}
            )
        ORDER BY emitId DESC
        LIMIT {limit:UInt32}
        UNION ALL
        SELECT emitId FROM emits
        WHERE {{emitFilters}}
            AND ({reached:Nullable(String)} IS NULL OR emitId >= {reached:Nullable(String)})
            AND
            (
                {state:String} = 'DELIVERED' AND verdict = 'accepted' AND subscriberCount = 0
                OR {state:String} = 'FAILED' AND verdict = 'failed' AND {{isNewestVerdict}}
            )
        ORDER BY emitId DESC
        LIMIT {limit:UInt32}
    )
    ORDER BY emitId DESC
    LIMIT 1 BY emitId
    LIMIT {limit:UInt32}
)
{{emitsOfPage}}
