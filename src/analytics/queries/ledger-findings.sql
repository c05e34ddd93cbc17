-- Open findings of the ledger, of all organizations, from the newest announcement of each finding.
SELECT organizationId, finding, newestData AS data, detectedAt FROM
(
    SELECT
        organizationId, JSONExtractString(changes.data, 'finding') AS finding,
        argMax(changes.type, (occurredAt, id)) AS newestType, argMax(changes.data, (occurredAt, id)) AS newestData, max(occurredAt) AS detectedAt
    FROM changes
    WHERE changes.type IN ('DRIFT_DETECTED', 'DRIFT_RESOLVED') AND JSONExtractString(changes.data, 'kind') = 'ledger'
    GROUP BY organizationId, finding
)
WHERE newestType = 'DRIFT_DETECTED'
ORDER BY detectedAt DESC, organizationId, finding
LIMIT 1000
