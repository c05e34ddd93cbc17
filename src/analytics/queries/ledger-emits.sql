-- The accepted emits of one organization up to a sequence number, by month, for comparison with the counters of
-- admission. Sum and count together show whether each number exists exactly once, without keeping them all in memory.
SELECT
    toYYYYMM(recordedAt) AS month,
    countIf(channel != 'platform') AS onQuota,
    count() AS rows,
    assumeNotNull(min(sequence)) AS lowest,
    assumeNotNull(max(sequence)) AS highest,
    toString(sum(toUInt128(assumeNotNull(sequence)))) AS sumOfSequences
FROM emits
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND verdict = 'accepted'
    AND sequence <= {through:UInt64} AND toYYYYMM(recordedAt) >= {since:UInt32}
GROUP BY month
ORDER BY month
