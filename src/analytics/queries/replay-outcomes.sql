-- The states of the deliveries of some replays, by the newest step of each, for every replay and webhook.
SELECT ofReplay AS replayId, webhookId, state, count() AS deliveries, max(eventId) AS lastEventId FROM
(
    SELECT ifNull(replayId, '') AS ofReplay, webhookId, deliveryId, eventId, state FROM attempts
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND webhookId IN {webhookIds:Array(String)}
        AND replayId IN {replayIds:Array(String)}
    ORDER BY {{newestStepFirst}}
    LIMIT 1 BY deliveryId
)
GROUP BY ofReplay, webhookId, state
