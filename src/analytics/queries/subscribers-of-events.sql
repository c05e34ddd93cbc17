-- Of these events, those in the history, with the webhooks that admission chose.
SELECT assumeNotNull(eventId) AS eventId, arrayMap(considered -> considered.webhookId, arrayFilter(considered -> considered.skipped IS NULL, webhooks)) AS webhookIds
FROM emits
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND emitId IN {emitIds:Array(String)} AND verdict = 'accepted'
ORDER BY judgedAt DESC
LIMIT 1 BY emitId
