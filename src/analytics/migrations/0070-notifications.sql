-- The steps of notifications. Step 0 has the content; the newest step with a status counts; a reading mark has none.
CREATE TABLE IF NOT EXISTS notifications
(
    id String,
    step UInt32,
    organizationId String,
    environment LowCardinality(String),
    createdAt DateTime64(3, 'UTC'),
    at DateTime64(3, 'UTC'),
    channelId String,
    channel String,
    channelType LowCardinality(String),
    kind LowCardinality(Nullable(String)),
    title Nullable(String),
    message String CODEC(ZSTD(1)),
    severity LowCardinality(String),
    data Nullable(String) CODEC(ZSTD(1)),
    dedupeKey Nullable(String),
    sourceKind LowCardinality(String),
    sourceId Nullable(String),
    status LowCardinality(Nullable(String)),
    suppressedReason LowCardinality(Nullable(String)),
    durationMs Nullable(UInt32),
    responseStatus Nullable(UInt16),
    error Nullable(String),
    nextAttemptAt Nullable(DateTime64(3, 'UTC')),
    readAt Nullable(DateTime64(3, 'UTC')),
    INDEX byNotification id TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(createdAt)
ORDER BY (organizationId, createdAt, id, step)
TTL toDateTime(createdAt) + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

-- The meter counts the steps by which notifications were sent; before, it counted the changes NOTIFICATION_SENT.
DROP VIEW IF EXISTS usage_of_changes;

CREATE MATERIALIZED VIEW IF NOT EXISTS usage_of_notifications TO usage_by_hour AS
SELECT organizationId, environment, 'notifications' AS meter, toStartOfHour(toDateTime(at, 'UTC')) AS hour, count() AS count
FROM notifications
WHERE status IN ('sent', 'partially_sent') AND (channelType != 'in_app' OR sourceKind != 'system')
GROUP BY organizationId, environment, meter, hour;
