-- Runs of workflows: a row at the beginning of those that outlived it, and one at the end, which replaces it.
CREATE TABLE IF NOT EXISTS runs
(
    runId String,
    step UInt8,
    organizationId String,
    environment LowCardinality(String),
    workflowId String,
    workflowVersion UInt32,
    mode LowCardinality(String),
    status LowCardinality(String),
    skipReason LowCardinality(Nullable(String)),
    triggerKind LowCardinality(String),
    eventId Nullable(String),
    canonicalName Nullable(String),
    tick Nullable(DateTime64(3, 'UTC')),
    parentRunId Nullable(String),
    retryOf Nullable(String),
    startedAt DateTime64(3, 'UTC'),
    finishedAt Nullable(DateTime64(3, 'UTC')),
    durationMs Nullable(UInt64),
    scopes String CODEC(ZSTD(1)),
    output Nullable(String) CODEC(ZSTD(1)),
    errorAction Nullable(String),
    errorPath Nullable(String),
    errorCode LowCardinality(Nullable(String)),
    errorMessage Nullable(String),
    reason Nullable(String),
    chainDepth UInt16,
    steps UInt32,
    warnings String CODEC(ZSTD(1)),
    INDEX byRun runId TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(step)
PARTITION BY toYYYYMMDD(startedAt)
ORDER BY (organizationId, environment, startedAt, runId)
TTL toDateTime(startedAt) + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

-- Their steps. A step that ended twice has its last end.
CREATE TABLE IF NOT EXISTS run_steps
(
    runId String,
    path String,
    number UInt32,
    organizationId String,
    environment LowCardinality(String),
    workflowId String,
    actionKey String,
    actionType LowCardinality(String),
    status LowCardinality(String),
    attempts UInt32,
    runStartedAt DateTime64(3, 'UTC'),
    startedAt DateTime64(3, 'UTC'),
    durationMs UInt64,
    input Nullable(String) CODEC(ZSTD(1)),
    output Nullable(String) CODEC(ZSTD(1)),
    errorCode LowCardinality(Nullable(String)),
    errorMessage Nullable(String),
    branch LowCardinality(Nullable(String))
)
ENGINE = ReplacingMergeTree(number)
PARTITION BY toYYYYMMDD(runStartedAt)
ORDER BY (organizationId, environment, runStartedAt, runId, path)
TTL toDateTime(runStartedAt) + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;
