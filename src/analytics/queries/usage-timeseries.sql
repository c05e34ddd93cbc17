-- Buckets that are not empty, oldest first, each complete: from the one that contains `from` to the last one that
-- begins before `to`.
SELECT multiIf({bucket:String} = 'month', toDateTime(toStartOfMonth(hour), 'UTC'), {bucket:String} = 'day', toStartOfDay(hour), hour) AS start, meter, toUInt64(sum(count)) AS count
FROM (
    -- On no plan, so by its groups alone.
    SELECT meter, hour, count FROM usage_by_group
    WHERE has({meters:Array(String)}, 'emits_rejected') AND meter = 'emits_rejected' AND dimension = 'code'
        AND organizationId = {organizationId:String} AND environment = {environment:String}
        AND hour >= parseDateTimeBestEffort({from:String}, 'UTC')
    UNION ALL
    SELECT meter, hour, count FROM usage_by_hour
    WHERE organizationId = {organizationId:String} AND environment = {environment:String}
        AND (empty({meters:Array(String)}) OR has({meters:Array(String)}, meter))
        AND hour >= parseDateTimeBestEffort({from:String}, 'UTC')
    UNION ALL
    SELECT meter, hour, {{countedInHour}} AS count
    FROM (
        SELECT {{readingOfHour}} FROM meter_readings
        WHERE organizationId = {organizationId:String} AND environment = {environment:String}
            AND (empty({meters:Array(String)}) OR has({meters:Array(String)}, meter))
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
