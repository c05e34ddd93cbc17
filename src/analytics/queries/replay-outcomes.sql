-- The states of the deliveries of one replay, by the newest step of each.
SELECT state, count() AS deliveries, max(eventId) AS lastEventId FROM
(
    SELECT deliveryId, eventId, state FROM attempts
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND webhookId = {webhookId:String}
        AND replayId = {replayId:String}
    ORDER BY {{newestStepFirst}}
    LIMIT 1 BY deliveryId
)
GROUP BY state
