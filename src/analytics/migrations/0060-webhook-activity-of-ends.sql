-- Deliveries that failed without an attempt of their own (their endpoint took none for as long as their schedule is, or the log did not keep their events)
-- count as failed too. They are no attempts, and not the last thing that the endpoint met: their time is none.
CREATE MATERIALIZED VIEW IF NOT EXISTS webhook_activity_of_ends TO webhook_activity AS
SELECT
    organizationId,
    environment,
    webhookId,
    argMaxState(toString(state), (toDateTime64(0, 3, 'UTC'), toUInt32(0))) AS lastState,
    toDateTime64(0, 3, 'UTC') AS lastAt,
    toUInt64(0) AS attempts,
    toUInt64(0) AS succeeded,
    count() AS failed
FROM attempts
WHERE attemptId IS NULL AND state = 'failed'
GROUP BY organizationId, environment, webhookId;
