-- The lower bound of a window over the newest completions of a state, `scan` rows long.
SELECT count() AS scanned, min(emitId) AS reached FROM
(
    SELECT emitId FROM completions
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND state = {state:String}
        AND ({before:Nullable(String)} IS NULL OR emitId < {before:Nullable(String)})
    ORDER BY emitId DESC
    LIMIT {scan:UInt32}
)
SETTINGS max_block_size = 8192
