-- The events that admission matched with a webhook, newest first: its live deliveries, attempted or not; or (`skipped`) those that it did not get.
-- The place is inclusive, because
-- several deliveries may have the same event.
SELECT emitId, assumeNotNull(eventId) AS eventId, name AS eventType, assumeNotNull(canonicalName) AS canonicalName, assumeNotNull(sequence) AS sequence, recordedAt AS createdAt,
    arrayFirst(considered -> considered.webhookId = {webhookId:String}, webhooks).skipped AS skipped
FROM emits
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND verdict = 'accepted'
    AND has(webhooks.webhookId, {webhookId:String})
    AND arrayExists(considered -> considered.webhookId = {webhookId:String} AND isNull(considered.skipped) != {skipped:Bool}, webhooks)
    AND ({type:Nullable(String)} IS NULL OR name = {type:Nullable(String)})
    AND ({typePattern:Nullable(String)} IS NULL OR match(name, coalesce({typePattern:Nullable(String)}, '')))
    AND ({canonicalEnd:Nullable(String)} IS NULL OR endsWith(emits.canonicalName, coalesce({canonicalEnd:Nullable(String)}, '')))
    AND ({from:Nullable(String)} IS NULL OR recordedAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
    AND ({to:Nullable(String)} IS NULL OR recordedAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
    AND ({throughTime:Nullable(String)} IS NULL
        OR (recordedAt, emitId) <= (parseDateTime64BestEffort({throughTime:Nullable(String)}, 3, 'UTC'), {throughEmit:Nullable(String)}))
    AND (NOT {pendingOnly:Bool} OR eventId NOT IN
    (
        SELECT eventId FROM attempts
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND webhookId = {webhookId:String}
            AND trigger != 'replay'
            AND ({from:Nullable(String)} IS NULL OR createdAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
    ))
ORDER BY emitId DESC
LIMIT {limit:UInt32}
