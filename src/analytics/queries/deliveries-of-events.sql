-- For each of some events and each webhook, the newest state of its deliveries.
SELECT eventId, webhookId, argMax(toString(state), {{stepPlace}}) AS status, min(attempts.createdAt) AS at
FROM attempts
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND eventId IN {eventIds:Array(String)} AND trigger != 'test'
GROUP BY eventId, webhookId
ORDER BY eventId, webhookId
LIMIT 2000
