-- The events of one replay for which it made no delivery, in their order; of a redrive, the deliveries.
SELECT targetKind, targetId, eventId, emitId, eventType, canonicalName, sequence, outcome, reason, at, deliveryId
FROM replay_items
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND replayId = {replayId:String}
    AND ({afterSequence:Nullable(UInt64)} IS NULL
        OR (sequence, ifNull(deliveryId, targetId)) > ({afterSequence:Nullable(UInt64)}, {afterTarget:Nullable(String)}))
ORDER BY sequence, ifNull(deliveryId, targetId), at
LIMIT 1 BY eventId, targetId, deliveryId
LIMIT {limit:UInt32}
