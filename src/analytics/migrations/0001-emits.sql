-- Every verdict. An emit's id begins with its time, so that this order serves look-ups by id and lists by time alike; an event's id is its
-- emit's with another prefix.
-- One emit has more than one row only after a redrive; the row judged last counts.
CREATE TABLE IF NOT EXISTS emits
(
    organizationId String,
    environment LowCardinality(String),
    emitId String,
    eventId Nullable(String),
    verdict LowCardinality(String),
    code LowCardinality(Nullable(String)),
    message Nullable(String),
    findings Nullable(String),
    name String,
    requestedVersion Nullable(String),
    canonicalName Nullable(String),
    registrationId Nullable(String),
    schemaVersion Nullable(String),
    schemaHash Nullable(String),
    kind Nullable(String),
    sequence Nullable(UInt64),
    subject Nullable(String),
    actorId String,
    source String,
    time DateTime64(3, 'UTC'),
    recordedAt DateTime64(3, 'UTC'),
    judgedAt DateTime64(3, 'UTC'),
    idempotencyKey Nullable(String),
    correlationId Nullable(String),
    causationId Nullable(String),
    rootEventId Nullable(String),
    depth UInt16,
    channel LowCardinality(String),
    requestId Nullable(String),
    originalEmitId Nullable(String),
    payloadBytes UInt32,
    webhooks Array(Tuple(webhookId String, skipped Nullable(String))),
    subscriberCount UInt32,
    INDEX byTime recordedAt TYPE minmax GRANULARITY 1,
    INDEX byVerdict verdict TYPE set(8) GRANULARITY 1,
    INDEX byWebhook webhooks.webhookId TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(recordedAt)
ORDER BY (organizationId, environment, emitId, judgedAt)
TTL toDateTime(recordedAt) + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

-- Payloads of accepted and failed emits, apart: a column that expires before its row would have to be rewritten, a part is just dropped.
CREATE TABLE IF NOT EXISTS payloads
(
    organizationId String,
    environment LowCardinality(String),
    emitId String,
    recordedAt DateTime64(3, 'UTC'),
    payload String CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(recordedAt)
ORDER BY (organizationId, environment, emitId)
TTL toDateTime(recordedAt) + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

-- The last word on accepted emits that had subscribers.
CREATE TABLE IF NOT EXISTS completions
(
    organizationId String,
    environment LowCardinality(String),
    emitId String,
    eventId String,
    state LowCardinality(String),
    recordedAt DateTime64(3, 'UTC'),
    completedAt DateTime64(3, 'UTC'),
    INDEX byState state TYPE set(4) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(completedAt)
ORDER BY (organizationId, environment, emitId)
TTL toDateTime(completedAt) + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;
