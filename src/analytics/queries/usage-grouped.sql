-- Meters by time and group: the 100 largest groups of each meter, and the sum of the rest without a name.
WITH
    counted AS
    (
        SELECT multiIf({bucket:String} = 'month', toDateTime(toStartOfMonth(hour), 'UTC'), {bucket:String} = 'day', toDateTime(toStartOfDay(hour), 'UTC'), hour) AS start,
            meter, member, sum(count) AS counts
        FROM usage_by_group
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND dimension = {dimension:String}
            AND has({meters:Array(String)}, meter)
            AND hour >= parseDateTimeBestEffort({from:String}, 'UTC') AND hour < parseDateTimeBestEffort({to:String}, 'UTC')
        GROUP BY start, meter, member
    ),
    largest AS
    (
        SELECT meter, member FROM counted GROUP BY meter, member ORDER BY sum(counts) DESC, member LIMIT 100 BY meter
    )
SELECT start, meter, if((meter, member) IN (SELECT meter, member FROM largest), toNullable(member), NULL) AS `group`, toUInt64(sum(counts)) AS count
FROM counted
GROUP BY start, meter, `group`
ORDER BY start, meter, count DESC, `group`
LIMIT 100000
