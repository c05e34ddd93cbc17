-- The accepted emits of one organization up to a sequence number, month by month: what the counters of admission are held to. Sum and count
-- together tell whether each number is there exactly once, without keeping them all in memory.
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
