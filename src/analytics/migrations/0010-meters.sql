-- More meters than `usage_of_emits` had. What the platform itself emits for an organization (relays, built-ins, lifecycle events) is on no
-- quota, so it is no emit here; an emit that is redriven keeps the way it came in by.
DROP VIEW IF EXISTS usage_of_emits;

CREATE MATERIALIZED VIEW IF NOT EXISTS usage_of_verdicts TO usage_by_hour AS
SELECT organizationId, environment, counted.1 AS meter, toStartOfHour(toDateTime(recordedAt, 'UTC')) AS hour, sum(counted.2) AS count
FROM emits
ARRAY JOIN arrayConcat(
    if(verdict = 'accepted' AND channel != 'platform', [('emits', toUInt64(1))], []),
    if(verdict = 'accepted' AND channel != 'platform' AND name = 'platformxe.generic', [('emits_generic', toUInt64(1))], []),
    if(verdict IN ('accepted', 'failed') AND payloadBytes > 0, [('stored_bytes', toUInt64(payloadBytes))], [])) AS counted
GROUP BY organizationId, environment, meter, hour;

-- Changes of the control plane have no environment; what they meter is live.
CREATE MATERIALIZED VIEW IF NOT EXISTS usage_of_changes TO usage_by_hour AS
SELECT organizationId, 'live' AS environment, 'notifications' AS meter, toStartOfHour(toDateTime(occurredAt, 'UTC')) AS hour, count() AS count
FROM changes
WHERE type = 'NOTIFICATION_SENT'
GROUP BY organizationId, environment, meter, hour;
