-- All organizations, for the operator.
SELECT organizationId, environment, meter, toUInt64(sum(count)) AS count FROM usage_by_hour
WHERE toYYYYMM(hour) = {month:UInt32}
GROUP BY organizationId, environment, meter
ORDER BY organizationId, environment, meter
