-- Accepted events by sequence number, with the webhooks that received them.
SELECT
    emitId, assumeNotNull(eventId) AS eventId, organizationId, environment, assumeNotNull(emits.sequence) AS sequence, name AS type,
    assumeNotNull(canonicalName) AS canonicalName, kind, source, subject, actorId, time, recordedAt, assumeNotNull(schemaVersion) AS schemaVersion,
    assumeNotNull(schemaHash) AS schemaHash, correlationId, causationId, traceparent, assumeNotNull(rootEventId) AS rootEventId, depth, path, federation,
    arrayMap(considered -> considered.webhookId, arrayFilter(considered -> considered.skipped IS NULL, webhooks)) AS webhookIds
FROM emits
WHERE organizationId = {organizationId:String} AND environment = {environment:String}
    AND emits.sequence BETWEEN {from:UInt64} AND {through:UInt64} AND verdict = 'accepted'
ORDER BY sequence, judgedAt DESC
LIMIT 1 BY emitId
