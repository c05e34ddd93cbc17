-- Deliveries by replays of an organization since a time; catch-ups of webhooks that were paused are not counted.
SELECT uniqExact(deliveryId) AS deliveries FROM attempts
WHERE organizationId = {organizationId:String} AND trigger = 'replay' AND replayId IN {replayIds:Array(String)}
    AND startedAt >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
