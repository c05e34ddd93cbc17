-- The events for which admission considered webhooks, newest first, down to a position: the origin of deliveries of all
-- webhooks, attempted or not.
SELECT emitId, assumeNotNull(eventId) AS eventId, name AS eventType, assumeNotNull(canonicalName) AS canonicalName, assumeNotNull(sequence) AS sequence, recordedAt AS createdAt, webhooks
FROM emits
WHERE {{consideredEvents}}
    AND ({reachedTime:Nullable(String)} IS NULL
        OR (recordedAt, emitId) >= (parseDateTime64BestEffort({reachedTime:Nullable(String)}, 3, 'UTC'), {reachedEmit:Nullable(String)}))
    AND ({reachedTime:Nullable(String)} IS NULL OR recordedAt >= parseDateTime64BestEffort({reachedTime:Nullable(String)}, 3, 'UTC'))
ORDER BY recordedAt DESC, emitId DESC
LIMIT {limit:UInt32}
