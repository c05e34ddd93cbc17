-- Accepted emits whose ids lie in a few milliseconds, with the webhooks that they go to: where a delivery without attempts comes from.
SELECT emitId, assumeNotNull(eventId) AS eventId, name AS eventType, assumeNotNull(canonicalName) AS canonicalName, assumeNotNull(sequence) AS sequence, recordedAt AS createdAt,
    arrayMap(considered -> considered.webhookId, arrayFilter(considered -> considered.skipped IS NULL, webhooks)) AS webhookIds
FROM emits
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND verdict = 'accepted' AND subscriberCount > 0
    AND emitId >= {first:String} AND emitId < {end:String}
LIMIT 10000
