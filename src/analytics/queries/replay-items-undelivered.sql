-- The events of one replay for which it made no delivery, in their order.
SELECT targetKind, targetId, eventId, emitId, eventType, canonicalName, sequence, outcome, reason, at
FROM replay_items
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND replayId = {replayId:String}
    AND ({afterSequence:Nullable(UInt64)} IS NULL
        OR (sequence, targetId) > ({afterSequence:Nullable(UInt64)}, {afterTarget:Nullable(String)}))
ORDER BY sequence, targetId, at
LIMIT 1 BY eventId, targetId
LIMIT {limit:UInt32}
