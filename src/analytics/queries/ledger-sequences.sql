-- Sequence numbers that are missing between two that exist, and duplicates; run only after a difference was found.
SELECT kind, first, last FROM
(
    SELECT 'missing' AS kind, before + 1 AS first, sequence - 1 AS last FROM
    (
        SELECT sequence, lagInFrame(sequence, 1, toUInt64({from:UInt64} - 1)) OVER (ORDER BY sequence ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before
        FROM
        (
            SELECT DISTINCT assumeNotNull(sequence) AS sequence FROM emits
            WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND verdict = 'accepted'
                AND sequence BETWEEN {from:UInt64} AND {through:UInt64}
            UNION ALL
            SELECT toUInt64({through:UInt64} + 1)
        )
    )
    WHERE sequence > before + 1
    UNION ALL
    SELECT 'repeated' AS kind, assumeNotNull(sequence) AS first, assumeNotNull(sequence) AS last FROM emits
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND verdict = 'accepted'
        AND sequence BETWEEN {from:UInt64} AND {through:UInt64}
    GROUP BY sequence
    HAVING count() > 1
)
ORDER BY first
LIMIT 10
