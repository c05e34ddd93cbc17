-- What organizations did in a range of time, for the operator: all of them, largest first by one figure.
WITH
    parseDateTime64BestEffort({from:String}, 3, 'UTC') AS begins,
    parseDateTime64BestEffort({to:String}, 3, 'UTC') AS ends,
    emitted AS
    (
        SELECT organizationId, countIf(channel != 'platform') AS emits, countIf(verdict = 'rejected') AS rejected FROM emits
        WHERE recordedAt >= begins AND recordedAt < ends
        GROUP BY organizationId
    ),
    attempted AS
    (
        SELECT organizationId, count() AS attempts, countIf(state != 'success') AS failedAttempts FROM attempts
        WHERE startedAt >= begins AND startedAt < ends AND attemptId IS NOT NULL
        GROUP BY organizationId
    ),
    open AS
    (
        SELECT organizationId, sum(subscriberCount) AS deliveriesWaiting FROM emits
        WHERE recordedAt >= now64(3, 'UTC') - INTERVAL 1 DAY AND verdict = 'accepted' AND subscriberCount > 0
            AND emitId NOT IN (SELECT emitId FROM completions WHERE completedAt >= now64(3, 'UTC') - INTERVAL 1 DAY)
        GROUP BY organizationId
    ),
    kept AS
    (
        SELECT organizationId, sum(count) AS storedBytes FROM usage_by_hour
        WHERE meter = 'stored_bytes' AND hour >= now() - INTERVAL 30 DAY
        GROUP BY organizationId
    )
SELECT organizationId, toUInt64(sum(e)) AS emits, toUInt64(sum(r)) AS rejected, toUInt64(sum(a)) AS attempts, toUInt64(sum(f)) AS failedAttempts,
    toUInt64(sum(w)) AS deliveriesWaiting, toUInt64(sum(s)) AS storedBytes
FROM
(
    SELECT organizationId, emits AS e, rejected AS r, 0 AS a, 0 AS f, 0 AS w, 0 AS s FROM emitted
    UNION ALL SELECT organizationId, 0, 0, attempts, failedAttempts, 0, 0 FROM attempted
    UNION ALL SELECT organizationId, 0, 0, 0, 0, deliveriesWaiting, 0 FROM open
    UNION ALL SELECT organizationId, 0, 0, 0, 0, 0, storedBytes FROM kept
)
GROUP BY organizationId
ORDER BY multiIf({sort:String} = 'rejected', rejected, {sort:String} = 'attempts', attempts, {sort:String} = 'deliveriesWaiting', deliveriesWaiting,
    {sort:String} = 'storedBytes', storedBytes, emits) DESC, organizationId
LIMIT {top:UInt32}
