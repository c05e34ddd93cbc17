-- What one organization emitted in a range of time, of both environments, by one property: the 100 largest groups.
SELECT
    multiIf({groupBy:String} = 'type', name, {groupBy:String} = 'key', actorId, {groupBy:String} = 'source', source, coalesce(toString(code), '')) AS `group`,
    countIf(verdict != 'rejected') AS emits,
    countIf(verdict = 'rejected') AS rejected,
    toUInt64(sum(payloadBytes)) AS bytes
FROM emits
WHERE organizationId = {organizationId:String} AND channel != 'platform' AND ({groupBy:String} != 'code' OR verdict = 'rejected')
    AND recordedAt >= parseDateTime64BestEffort({from:String}, 3, 'UTC') AND recordedAt < parseDateTime64BestEffort({to:String}, 3, 'UTC')
GROUP BY `group`
ORDER BY emits + rejected DESC, `group`
LIMIT 100
