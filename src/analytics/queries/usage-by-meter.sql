SELECT meter, toUInt64(sum(count)) AS count FROM usage_by_hour
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND toYYYYMM(hour) = {month:UInt32}
GROUP BY meter
ORDER BY meter
