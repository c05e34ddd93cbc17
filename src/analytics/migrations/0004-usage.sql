-- Meters by hour (C.12). Rows of the same hour and meter are summed as parts merge; always read with sum().
CREATE TABLE IF NOT EXISTS usage_by_hour
(
    organizationId String,
    environment LowCardinality(String),
    meter LowCardinality(String),
    hour DateTime('UTC'),
    count UInt64
)
ENGINE = SummingMergeTree(count)
PARTITION BY toYYYYMM(hour)
ORDER BY (organizationId, environment, meter, hour)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS usage_of_emits TO usage_by_hour AS
SELECT
    organizationId,
    environment,
    arrayJoin(if(name = 'platformxe.generic', ['emits', 'emits_generic'], ['emits'])) AS meter,
    toStartOfHour(toDateTime(recordedAt, 'UTC')) AS hour,
    count() AS count
FROM emits
WHERE verdict = 'accepted' AND channel != 'platform'
GROUP BY organizationId, environment, meter, hour;

CREATE MATERIALIZED VIEW IF NOT EXISTS usage_of_attempts TO usage_by_hour AS
SELECT
    organizationId,
    environment,
    arrayJoin(arrayConcat(
        if(attemptId IS NOT NULL, ['webhook_attempts'], emptyArrayString()),
        if(attemptId IS NOT NULL AND state = 'success', ['deliveries_succeeded'], emptyArrayString()),
        if(attemptId IS NOT NULL AND trigger = 'replay' AND number = 1, ['replayed_deliveries'], emptyArrayString()))) AS meter,
    toStartOfHour(toDateTime(startedAt, 'UTC')) AS hour,
    count() AS count
FROM attempts
GROUP BY organizationId, environment, meter, hour;
