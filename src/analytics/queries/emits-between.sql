-- Accepted emits with ids in a few milliseconds and the webhooks considered, as the origin of deliveries without
-- attempts. Bounded by the retention of attempts.
SELECT emitId, assumeNotNull(eventId) AS eventId, name AS eventType, assumeNotNull(canonicalName) AS canonicalName, assumeNotNull(sequence) AS sequence, recordedAt AS createdAt, webhooks
FROM emits
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND verdict = 'accepted' AND notEmpty(webhooks)
    AND recordedAt >= now64(3, 'UTC') - INTERVAL 62 DAY
    AND emitId >= {first:String} AND emitId < {end:String}
LIMIT 10000
