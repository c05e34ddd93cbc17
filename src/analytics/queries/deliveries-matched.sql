-- The events that admission considered for a webhook, newest first, down to a position: its own deliveries, attempted
-- or not. `pendingOnly` excludes attempted ones as far as the rows show it: a replay's delivery may be the event's own
-- (from a catch-up of an earlier release) or another.
SELECT emitId, assumeNotNull(eventId) AS eventId, name AS eventType, assumeNotNull(canonicalName) AS canonicalName, assumeNotNull(sequence) AS sequence, recordedAt AS createdAt,
    arrayFirst(considered -> considered.webhookId = {webhookId:String}, webhooks).skipped AS skipped
FROM emits
WHERE {{matchedByWebhook}}
    AND ({reachedTime:Nullable(String)} IS NULL OR recordedAt >= parseDateTime64BestEffort({reachedTime:Nullable(String)}, 3, 'UTC'))
    AND ({reachedTime:Nullable(String)} IS NULL
        OR (recordedAt, emitId) >= (parseDateTime64BestEffort({reachedTime:Nullable(String)}, 3, 'UTC'), {reachedEmit:Nullable(String)}))
    AND (NOT {pendingOnly:Bool} OR eventId NOT IN
    (
        SELECT eventId FROM attempts
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND webhookId = {webhookId:String}
            AND (trigger = 'live' OR trigger != 'replay' AND replayId IS NULL)
            AND ({reachedTime:Nullable(String)} IS NULL OR createdAt >= parseDateTime64BestEffort({reachedTime:Nullable(String)}, 3, 'UTC'))
            AND ({beforeTime:Nullable(String)} IS NULL OR createdAt <= parseDateTime64BestEffort({beforeTime:Nullable(String)}, 3, 'UTC'))
    ))
ORDER BY recordedAt DESC, emitId DESC
LIMIT {limit:UInt32}
