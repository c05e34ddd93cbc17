-- The newest step of each of some webhooks.
SELECT webhookId, max(startedAt) AS lastDeliveryAt, argMax(state, (startedAt, number)) AS lastDeliveryStatus
FROM attempts
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND webhookId IN {webhookIds:Array(String)}
    AND attemptId IS NOT NULL
GROUP BY webhookId
