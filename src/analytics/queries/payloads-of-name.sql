-- The newest payloads that an organization itself emitted under a name, in any version, on which a proposed schema is
-- tried. Events of peers are excluded.
SELECT emitId, payload FROM payloads
WHERE organizationId = {organizationId:String} AND environment = {environment:String}
    AND recordedAt >= parseDateTime64BestEffort({from:String}, 3, 'UTC')
    AND ({before:Nullable(String)} IS NULL OR emitId < {before:Nullable(String)})
    AND emitId IN
    (
        SELECT emitId FROM emits
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND verdict = 'accepted' AND name = {name:String}
            AND NOT startsWith(source, 'federation:')
            AND recordedAt >= parseDateTime64BestEffort({from:String}, 3, 'UTC')
            AND ({before:Nullable(String)} IS NULL OR emitId < {before:Nullable(String)})
        ORDER BY emitId DESC
        LIMIT {limit:UInt32}
    )
ORDER BY emitId DESC
LIMIT {limit:UInt32}
