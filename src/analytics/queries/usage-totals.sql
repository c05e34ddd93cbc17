-- All organizations, for the operator.
SELECT organizationId, environment, meter, toUInt64(sum(count)) AS count
FROM (
    SELECT organizationId, environment, meter, count FROM usage_by_hour
    WHERE toYYYYMM(hour) = {month:UInt32}
    UNION ALL
    SELECT organizationId, environment, meter, {{countedInHour}} AS count
    FROM (SELECT {{readingOfHour}} FROM meter_readings WHERE {{readOfMonth}} GROUP BY {{counterAndHour}})
    QUALIFY toYYYYMM(hour) = {month:UInt32}
)
GROUP BY organizationId, environment, meter
ORDER BY organizationId, environment, meter
