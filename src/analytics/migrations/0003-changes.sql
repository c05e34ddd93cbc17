-- Every change of the control plane, as the lifecycle event that announces it (C.3).
CREATE TABLE IF NOT EXISTS changes
(
    organizationId String,
    id String,
    type LowCardinality(String),
    entityType LowCardinality(String),
    entityId String,
    canonicalName Nullable(String),
    actorId String,
    occurredAt DateTime64(3, 'UTC'),
    previousStatus LowCardinality(Nullable(String)),
    status LowCardinality(Nullable(String)),
    reason Nullable(String),
    requestId Nullable(String),
    data String CODEC(ZSTD(1)),
    INDEX byEntity entityId TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(occurredAt)
ORDER BY (organizationId, occurredAt, id)
TTL toDateTime(occurredAt) + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;
