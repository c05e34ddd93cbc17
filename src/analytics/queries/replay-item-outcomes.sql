-- Events of some replays without a delivery, counted by target and outcome; of redrives, each delivery counts.
SELECT replayId, targetId, outcome, count() AS items, max(eventId) AS lastEventId FROM
(
    SELECT replayId, targetId, eventId, outcome FROM replay_items
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND replayId IN {replayIds:Array(String)}
        AND outcome != 'redriven'
    LIMIT 1 BY replayId, targetId, eventId, deliveryId
)
GROUP BY replayId, targetId, outcome
