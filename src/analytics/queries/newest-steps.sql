-- The newest step of each of some deliveries.
SELECT
    deliveryId, webhookId, eventId, emitId, eventType, canonicalName, sequence, attemptId, number, maxAttempts, trigger, state, reason,
    startedAt, durationMs, responseStatus, errorKind, error, nextAttemptAt, createdAt, replayId
FROM attempts
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND deliveryId IN {deliveryIds:Array(String)}
ORDER BY deliveryId, number DESC, startedAt DESC, attemptId IS NULL DESC
LIMIT 1 BY deliveryId
