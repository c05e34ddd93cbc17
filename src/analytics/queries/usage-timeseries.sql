-- Buckets that are not empty, oldest first, each complete: from the one that contains `from` to the last one that
-- begins before `to`.
SELECT if({bucket:String} = 'day', toStartOfDay(hour), hour) AS start, meter, toUInt64(sum(count)) AS count
FROM usage_by_hour
WHERE organizationId = {organizationId:String} AND environment = {environment:String}
    AND ({meter:Nullable(String)} IS NULL OR meter = {meter:Nullable(String)})
    AND hour >= parseDateTimeBestEffort({from:String}, 'UTC') AND start < parseDateTime64BestEffort({to:String}, 3, 'UTC')
GROUP BY start, meter
ORDER BY start, meter
LIMIT 10000
