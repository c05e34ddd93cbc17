-- Attempts of a webhook by time, tests left out. `bucket`: minute, hour, day.
SELECT
    multiIf({bucket:String} = 'minute', toStartOfMinute(startedAt), {bucket:String} = 'hour', toStartOfHour(startedAt), toDateTime(toStartOfDay(startedAt), 'UTC')) AS start,
    count() AS attempts,
    countIf(state = 'success') AS succeeded,
    countIf(state != 'success') AS failed,
    toUInt32(quantileExact(0.5)(durationMs)) AS p50Ms,
    toUInt32(quantileExact(0.95)(durationMs)) AS p95Ms
FROM attempts
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND webhookId = {webhookId:String}
    AND attemptId IS NOT NULL AND trigger != 'test'
    AND startedAt >= parseDateTime64BestEffort({from:String}, 3, 'UTC') AND startedAt < parseDateTime64BestEffort({to:String}, 3, 'UTC')
GROUP BY start
ORDER BY start
