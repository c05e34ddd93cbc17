-- The relay log of federation (C.1.1): what the source decided about each peer, and what became of it there. Kept for 30 days.
-- A relay has one row for each step; the last step counts.
CREATE TABLE IF NOT EXISTS relays
(
    organizationId String,
    groupId String,
    relayId String,
    step UInt8,
    pushId String,
    memberId String,
    memberOrganizationId Nullable(String),
    sourceEventId String,
    sourceEmitId String,
    sourceCanonicalName String,
    targetEventId Nullable(String),
    targetCanonicalName Nullable(String),
    deliveryId Nullable(String),
    status LowCardinality(String),
    skipReason LowCardinality(Nullable(String)),
    lastError Nullable(String),
    queuedAt DateTime64(3, 'UTC'),
    at DateTime64(3, 'UTC'),
    INDEX byRelay relayId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX bySource sourceEventId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX byMember memberId TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(queuedAt)
ORDER BY (organizationId, groupId, queuedAt, relayId, step, at)
TTL toDateTime(queuedAt) + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

-- Meter `federation_relays` (D-9): the owner's, counted when the source hands the event over to a peer.
CREATE MATERIALIZED VIEW IF NOT EXISTS usage_of_relays TO usage_by_hour AS
SELECT
    organizationId,
    'live' AS environment,
    'federation_relays' AS meter,
    toStartOfHour(toDateTime(at, 'UTC')) AS hour,
    count() AS count
FROM relays
WHERE step = 0 AND status = 'queued'
GROUP BY organizationId, environment, meter, hour;
