-- Every attempt, and every end without one. The steps of a delivery stand together, the deliveries of a webhook by the time they came to be.
-- Kept for the current and the whole previous month, so that a closed month can still be counted.
CREATE TABLE IF NOT EXISTS attempts
(
    organizationId String,
    environment LowCardinality(String),
    webhookId String,
    deliveryId String,
    attemptId Nullable(String),
    eventId String,
    emitId String,
    eventType String,
    canonicalName String,
    sequence UInt64,
    number UInt32,
    maxAttempts UInt32,
    trigger LowCardinality(String),
    state LowCardinality(String),
    reason LowCardinality(Nullable(String)),
    url String,
    startedAt DateTime64(3, 'UTC'),
    durationMs UInt32,
    connectMs Nullable(UInt32),
    firstByteMs Nullable(UInt32),
    responseStatus Nullable(UInt16),
    requestHeaders Nullable(String) CODEC(ZSTD(1)),
    responseHeaders Nullable(String) CODEC(ZSTD(1)),
    responseBody Nullable(String) CODEC(ZSTD(1)),
    errorKind LowCardinality(Nullable(String)),
    error Nullable(String),
    nextAttemptAt Nullable(DateTime64(3, 'UTC')),
    createdAt DateTime64(3, 'UTC'),
    INDEX byDelivery deliveryId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX byEvent eventId TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(startedAt)
ORDER BY (organizationId, environment, webhookId, createdAt, eventId, deliveryId, number, startedAt)
TTL toDateTime(startedAt) + INTERVAL 62 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;
