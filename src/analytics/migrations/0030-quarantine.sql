-- Records that an organization produced into Kafka and that were rejected, as they came. Bytes are base64: what was refused need not be text.
CREATE TABLE IF NOT EXISTS quarantine
(
    organizationId String,
    environment LowCardinality(String),
    emitId String,
    code LowCardinality(String),
    message String,
    findings String CODEC(ZSTD(1)),
    name String,
    recordedAt DateTime64(3, 'UTC'),
    topic String,
    partition UInt32,
    offset UInt64,
    key Nullable(String) CODEC(ZSTD(1)),
    headers String CODEC(ZSTD(1)),
    payload Nullable(String) CODEC(ZSTD(1)),
    leftOut Array(LowCardinality(String))
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(recordedAt)
ORDER BY (organizationId, environment, emitId)
TTL toDateTime(recordedAt) + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;
