-- Events that replays of an organization have handed over since a time, without a delivery.
SELECT count() AS items FROM replay_items
WHERE organizationId = {organizationId:String} AND outcome = 'delivered' AND replayId IN {replayIds:Array(String)}
    AND at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
