SELECT * FROM changes
WHERE organizationId = {organizationId:String}
    AND ({type:Nullable(String)} IS NULL OR type = {type:Nullable(String)})
    AND ({entityType:Nullable(String)} IS NULL OR entityType = {entityType:Nullable(String)})
    AND ({entityId:Nullable(String)} IS NULL OR entityId = {entityId:Nullable(String)})
    AND ({actorId:Nullable(String)} IS NULL OR actorId = {actorId:Nullable(String)})
    AND ({from:Nullable(String)} IS NULL OR occurredAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
    AND ({to:Nullable(String)} IS NULL OR occurredAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
    AND ({beforeTime:Nullable(String)} IS NULL
        OR (occurredAt, id) < (parseDateTime64BestEffort({beforeTime:Nullable(String)}, 3, 'UTC'), {beforeId:Nullable(String)}))
ORDER BY occurredAt DESC, id DESC
LIMIT {limit:UInt32}
