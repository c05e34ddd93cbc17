-- What became of the deliveries of each webhook, since it was made (C.10: counters, last delivery). One row per webhook once parts have merged;
-- read with the same functions. Ends without an attempt (cancelled) count for nothing.
CREATE TABLE IF NOT EXISTS webhook_activity
(
    organizationId String,
    environment LowCardinality(String),
    webhookId String,
    lastState AggregateFunction(argMax, String, Tuple(DateTime64(3, 'UTC'), UInt32)),
    lastAt SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    attempts SimpleAggregateFunction(sum, UInt64),
    succeeded SimpleAggregateFunction(sum, UInt64),
    failed SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (organizationId, environment, webhookId)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS webhook_activity_of_attempts TO webhook_activity AS
SELECT
    organizationId,
    environment,
    webhookId,
    argMaxState(toString(state), (startedAt, number)) AS lastState,
    max(startedAt) AS lastAt,
    count() AS attempts,
    countIf(state = 'success') AS succeeded,
    countIf(state = 'failed') AS failed
FROM attempts
WHERE attemptId IS NOT NULL
GROUP BY organizationId, environment, webhookId;
