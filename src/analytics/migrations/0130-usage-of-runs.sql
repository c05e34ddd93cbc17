-- Meters of workflows, in the hour of a run's end: runs that were not skipped, debug runs apart, and their steps with
-- iterations counted. A run has one row at its end.
CREATE MATERIALIZED VIEW IF NOT EXISTS usage_of_runs TO usage_by_hour AS
SELECT
    organizationId,
    environment,
    metered.1 AS meter,
    hour,
    sum(metered.2) AS count
FROM
(
    SELECT
        organizationId,
        environment,
        toStartOfHour(toDateTime(coalesce(finishedAt, startedAt), 'UTC')) AS hour,
        arrayJoin([('workflow_runs', toUInt64(1)), ('workflow_steps', toUInt64(steps))]) AS metered
    FROM runs
    WHERE step = 1 AND status != 'skipped' AND mode != 'debug'
)
GROUP BY organizationId, environment, meter, hour;
