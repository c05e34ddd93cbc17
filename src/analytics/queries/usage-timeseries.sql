-- Buckets that are not empty, oldest first, each complete: from the one that contains `from` to the last one that
-- begins before `to`.
SELECT if({bucket:String} = 'day', toStartOfDay(hour), hour) AS start, meter, toUInt64(sum(count)) AS count
FROM (
    SELECT meter, hour, count FROM usage_by_hour
    WHERE organizationId = {organizationId:String} AND environment = {environment:String}
        AND ({meter:Nullable(String)} IS NULL OR meter = {meter:Nullable(String)})
        AND hour >= parseDateTimeBestEffort({from:String}, 'UTC')
    UNION ALL
    SELECT meter, hour, {{countedInHour}} AS count
    FROM (
        SELECT {{readingOfHour}} FROM meter_readings
        WHERE organizationId = {organizationId:String} AND environment = {environment:String}
            AND ({meter:Nullable(String)} IS NULL OR meter = {meter:Nullable(String)})
            AND at >= parseDateTimeBestEffort({from:String}, 'UTC') - INTERVAL 2 DAY
        GROUP BY {{counterAndHour}}
    )
    QUALIFY hour >= parseDateTimeBestEffort({from:String}, 'UTC')
)
WHERE start < parseDateTime64BestEffort({to:String}, 3, 'UTC')
GROUP BY start, meter
HAVING count > 0
ORDER BY start, meter
LIMIT 10000
