-- Of these events, those that the webhook has answered with success.
SELECT DISTINCT eventId FROM attempts
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND webhookId = {webhookId:String}
    AND eventId IN {eventIds:Array(String)} AND state = 'success'
