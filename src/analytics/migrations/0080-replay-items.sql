-- Events of replays for which no delivery was made, by target. A dry run that a crash interrupted writes its samples again: readers take one
-- row of each event and target.
CREATE TABLE IF NOT EXISTS replay_items
(
    replayId String,
    organizationId String,
    environment LowCardinality(String),
    targetKind LowCardinality(String),
    targetId String,
    eventId String,
    emitId String,
    eventType LowCardinality(String),
    canonicalName LowCardinality(String),
    sequence UInt64,
    recordedAt DateTime64(3, 'UTC'),
    outcome LowCardinality(String),
    reason LowCardinality(Nullable(String)),
    at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(at)
ORDER BY (organizationId, replayId, sequence, targetId, at)
TTL toDateTime(at) + INTERVAL 62 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

-- Meter `replayed_deliveries`: what was handed over without a delivery of its own.
CREATE MATERIALIZED VIEW IF NOT EXISTS usage_of_replay_items TO usage_by_hour AS
SELECT
    organizationId,
    environment,
    'replayed_deliveries' AS meter,
    toStartOfHour(toDateTime(at, 'UTC')) AS hour,
    count() AS count
FROM replay_items
WHERE outcome = 'delivered'
GROUP BY organizationId, environment, meter, hour;
