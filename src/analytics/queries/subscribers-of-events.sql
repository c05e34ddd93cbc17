-- Of these events, those that the history has, with the webhooks that admission gave them to.
SELECT assumeNotNull(eventId) AS eventId, arrayMap(considered -> considered.webhookId, arrayFilter(considered -> considered.skipped IS NULL, webhooks)) AS webhookIds
FROM emits
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND emitId IN {emitIds:Array(String)} AND verdict = 'accepted'
ORDER BY judgedAt DESC
LIMIT 1 BY emitId
