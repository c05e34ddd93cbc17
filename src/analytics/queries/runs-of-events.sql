-- The runs that some events started; debug runs left out. A run begins after its event.
SELECT runId, argMax(status, step) AS lastStatus, any(workflowId) AS workflow, any(eventId) AS event, any(chainDepth) AS depth, min(startedAt) AS at
FROM runs
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND mode != 'debug'
    AND startedAt >= parseDateTime64BestEffort({from:String}, 3, 'UTC') AND eventId IN {eventIds:Array(String)}
GROUP BY runId
ORDER BY runId
LIMIT 1000
