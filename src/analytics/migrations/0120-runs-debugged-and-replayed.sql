-- What runs of a replay belong to, and what a debug run shows beyond others.
ALTER TABLE runs ADD COLUMN IF NOT EXISTS replayId Nullable(String);

ALTER TABLE run_steps ADD COLUMN IF NOT EXISTS variables Nullable(String) CODEC(ZSTD(1));

-- How often each workflow ran, and how its last run ended. Debug runs and skipped ones do not count. A row of a run comes once.
CREATE TABLE IF NOT EXISTS workflow_activity
(
    organizationId String,
    environment LowCardinality(String),
    workflowId String,
    lastStatus AggregateFunction(argMax, String, DateTime64(3, 'UTC')),
    lastAt SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    runs SimpleAggregateFunction(sum, UInt64),
    failed SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (organizationId, environment, workflowId)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS workflow_activity_of_runs TO workflow_activity AS
SELECT
    organizationId,
    environment,
    workflowId,
    argMaxState(toString(status), startedAt) AS lastStatus,
    max(startedAt) AS lastAt,
    count() AS runs,
    countIf(status NOT IN ('succeeded', 'cancelled')) AS failed
FROM runs
WHERE step = 1 AND status != 'skipped' AND mode != 'debug'
GROUP BY organizationId, environment, workflowId;
