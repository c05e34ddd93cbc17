-- Meter `debug_runs`: their ends.
CREATE MATERIALIZED VIEW IF NOT EXISTS usage_of_debug_runs TO usage_by_hour AS
SELECT organizationId, environment, 'debug_runs' AS meter, toStartOfHour(toDateTime(startedAt, 'UTC')) AS hour, count() AS count
FROM runs
WHERE step = 1 AND mode = 'debug'
GROUP BY organizationId, environment, meter, hour;
