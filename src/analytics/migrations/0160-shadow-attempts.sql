-- What candidates got besides, compared with the real attempt. A table of its own: no list of attempts or deliveries shows it. Kept for a
-- month, and the one before, as attempts are, since both are counted by the same meter.
CREATE TABLE IF NOT EXISTS shadow_attempts
(
    organizationId String,
    environment LowCardinality(String),
    webhookId String,
    deliveryId String,
    eventId String,
    eventType String,
    url String,
    startedAt DateTime64(3, 'UTC'),
    answer LowCardinality(String),
    durationMs UInt32,
    responseStatus Nullable(UInt16),
    errorKind LowCardinality(Nullable(String)),
    realDurationMs UInt32,
    realStatus Nullable(UInt16),
    realErrorKind LowCardinality(Nullable(String))
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(startedAt)
ORDER BY (organizationId, environment, webhookId, startedAt, deliveryId)
TTL toDateTime(startedAt) + INTERVAL 62 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS usage_of_shadow_attempts TO usage_by_hour AS
SELECT organizationId, environment, 'webhook_attempts' AS meter, toStartOfHour(toDateTime(startedAt, 'UTC')) AS hour, count() AS count
FROM shadow_attempts
WHERE answer != 'left_out'
GROUP BY organizationId, environment, meter, hour;
