-- The deliveries that some redrives have taken up, by their newest step, for every redrive and webhook. One whose newest
-- step was its end from before has not been tried again yet.
SELECT replayId, targetId, state, count() AS items, max(eventId) AS lastEventId
FROM
(
    SELECT item.replayId AS replayId, item.targetId AS targetId, item.eventId AS eventId,
        if(step.state = '' OR (step.state = 'failed' AND step.startedAt < item.at), 'retrying', toString(step.state)) AS state
    FROM
    (
        SELECT replayId, targetId, eventId, at, assumeNotNull(deliveryId) AS deliveryId FROM replay_items
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND replayId IN {replayIds:Array(String)}
            AND outcome = 'redriven'
        ORDER BY at DESC
        LIMIT 1 BY replayId, deliveryId
    ) AS item
    LEFT JOIN
    (
        SELECT deliveryId, state, startedAt FROM attempts
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND webhookId IN {webhookIds:Array(String)}
            AND deliveryId IN (SELECT assumeNotNull(deliveryId) FROM replay_items
                WHERE organizationId = {organizationId:String} AND replayId IN {replayIds:Array(String)} AND outcome = 'redriven')
        ORDER BY {{newestStepFirst}}
        LIMIT 1 BY deliveryId
    ) AS step ON step.deliveryId = item.deliveryId
)
GROUP BY replayId, targetId, state
