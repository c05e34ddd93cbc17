-- Of these events, those that the webhook answered with success, and when it first did.
SELECT eventId, min(toUnixTimestamp64Milli(startedAt) + ifNull(durationMs, 0)) AS deliveredAtMs FROM attempts
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND webhookId = {webhookId:String}
    AND eventId IN {eventIds:Array(String)} AND state = 'success'
GROUP BY eventId
