-- Meters by hour and by what their emits and attempts have in common: type, key, source, code, webhook. Counts begin with this table.
CREATE TABLE IF NOT EXISTS usage_by_group
(
    organizationId String,
    environment LowCardinality(String),
    meter LowCardinality(String),
    dimension LowCardinality(String),
    hour DateTime('UTC'),
    member String,
    count UInt64
)
ENGINE = SummingMergeTree(count)
PARTITION BY toYYYYMM(hour)
ORDER BY (organizationId, environment, meter, dimension, hour, member)
TTL hour + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS usage_groups_of_emits TO usage_by_group AS
SELECT organizationId, environment, counted.1 AS meter, counted.2 AS dimension, toStartOfHour(toDateTime(recordedAt, 'UTC')) AS hour, counted.3 AS member, count() AS count
FROM emits
ARRAY JOIN multiIf(
    verdict = 'accepted' AND channel != 'platform', [('emits', 'type', name), ('emits', 'key', actorId), ('emits', 'source', source)],
    verdict = 'rejected', [('emits_rejected', 'type', name), ('emits_rejected', 'key', actorId), ('emits_rejected', 'source', source), ('emits_rejected', 'code', coalesce(code, ''))],
    []) AS counted
GROUP BY organizationId, environment, meter, dimension, hour, member;

CREATE MATERIALIZED VIEW IF NOT EXISTS usage_groups_of_attempts TO usage_by_group AS
SELECT organizationId, environment, counted.1 AS meter, counted.2 AS dimension, toStartOfHour(toDateTime(startedAt, 'UTC')) AS hour, counted.3 AS member, count() AS count
FROM attempts
ARRAY JOIN arrayConcat(
    if(attemptId IS NOT NULL, [('webhook_attempts', 'type', eventType), ('webhook_attempts', 'webhook', webhookId)], []),
    if(attemptId IS NOT NULL AND state = 'success', [('deliveries_succeeded', 'type', eventType), ('deliveries_succeeded', 'webhook', webhookId)], [])) AS counted
GROUP BY organizationId, environment, meter, dimension, hour, member;
