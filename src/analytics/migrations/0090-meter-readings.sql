-- Readings of counters, the highest of each hour. What a meter counted is the sum of the differences between a counter's
-- consecutive readings, so a reading that arrives twice changes nothing.
CREATE TABLE IF NOT EXISTS meter_readings
(
    organizationId String,
    environment LowCardinality(String),
    meter LowCardinality(String),
    counterId String,
    reading UInt64,
    at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(reading)
PARTITION BY toYYYYMM(at)
ORDER BY (organizationId, environment, meter, toStartOfHour(at), counterId)
SETTINGS non_replicated_deduplication_window = 10000;
