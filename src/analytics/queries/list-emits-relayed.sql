-- Emits with at least one open delivery, newest first, down to a position: accepted, and without a completion.
WITH page AS
(
    SELECT emitId FROM emits
    WHERE {{emitFilters}}
        AND verdict = 'accepted' AND subscriberCount > 0
        AND ({reached:Nullable(String)} IS NULL OR emitId >= {reached:Nullable(String)})
        AND emitId NOT IN
        (
            SELECT emitId FROM completions
            WHERE organizationId = {organizationId:String} AND environment = {environment:String}
                AND ({reached:Nullable(String)} IS NULL OR emitId >= {reached:Nullable(String)})
                AND ({before:Nullable(String)} IS NULL OR emitId < {before:Nullable(String)})
        )
    ORDER BY emitId DESC
    LIMIT {limit:UInt32}
)
{{emitsOfPage}}
