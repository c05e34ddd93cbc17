-- What the ledger found and has not been found gone since, of all organizations: the newest announcement of each finding tells.
SELECT organizationId, finding, data, detectedAt FROM
(
    SELECT
        organizationId, JSONExtractString(data, 'finding') AS finding,
        argMax(type, (occurredAt, id)) AS newest, argMax(data, (occurredAt, id)) AS data, max(occurredAt) AS detectedAt
    FROM changes
    WHERE type IN ('DRIFT_DETECTED', 'DRIFT_RESOLVED') AND JSONExtractString(data, 'kind') = 'ledger'
    GROUP BY organizationId, finding
)
WHERE newest = 'DRIFT_DETECTED'
ORDER BY detectedAt DESC, organizationId, finding
LIMIT 1000
