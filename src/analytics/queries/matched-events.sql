-- Of these events, those that the history has, and whether admission gave them to the webhook.
SELECT assumeNotNull(eventId) AS eventId, arrayExists(considered -> considered.webhookId = {webhookId:String} AND considered.skipped IS NULL, webhooks) AS isMatched
FROM emits
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND emitId IN {emitIds:Array(String)} AND verdict = 'accepted'
ORDER BY judgedAt DESC
LIMIT 1 BY emitId
