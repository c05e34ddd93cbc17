-- Deliveries that replays of an organization have made since a time; catch-ups of webhooks that were off are not counted.
SELECT uniqExact(deliveryId) AS deliveries FROM attempts
WHERE organizationId = {organizationId:String} AND trigger = 'replay' AND replayId IN {replayIds:Array(String)}
    AND startedAt >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
