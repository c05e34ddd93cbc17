SELECT
    webhookId,
    max(lastAt) AS lastDeliveryAt,
    argMaxMerge(lastState) AS lastDeliveryStatus,
    toUInt64(sum(webhook_activity.attempts)) AS attempts,
    toUInt64(sum(webhook_activity.succeeded)) AS succeeded,
    toUInt64(sum(webhook_activity.failed)) AS failed
FROM webhook_activity
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND webhookId IN {webhookIds:Array(String)}
GROUP BY webhookId
