SELECT meter, toUInt64(sum(count)) AS count
FROM (
    SELECT meter, count FROM usage_by_hour
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND toYYYYMM(hour) = {month:UInt32}
    UNION ALL
    SELECT meter, {{countedInHour}} AS count
    FROM (
        SELECT {{readingOfHour}} FROM meter_readings
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND {{readOfMonth}}
        GROUP BY {{counterAndHour}}
    )
    QUALIFY toYYYYMM(hour) = {month:UInt32}
)
GROUP BY meter
ORDER BY meter
