-- Of each webhook, how many dead letters it has, the numbers of the first and the last event of those that can still be read from the log, and how many cannot.
SELECT webhookId, countIf(NOT expired) AS dead, countIf(expired) AS gone,
    minIf(sequence, NOT expired) AS fromSequence, maxIf(sequence, NOT expired) AS throughSequence
FROM
(
    SELECT
        webhookId,
        eventId < {oldestEvent:String} AS expired,
        any(attempts.sequence) AS sequence,
        argMax((toString(state), toString(trigger)), {{stepPlace}}) AS newest
    FROM attempts
    WHERE organizationId = {organizationId:String} AND environment = {environment:String}
        AND ({webhookId:Nullable(String)} IS NULL OR webhookId = {webhookId:Nullable(String)})
        AND ({from:Nullable(String)} IS NULL OR createdAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
        AND ({to:Nullable(String)} IS NULL OR createdAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
    GROUP BY webhookId, createdAt, eventId, deliveryId
)
WHERE newest.1 = 'failed' AND newest.2 != 'test'
GROUP BY webhookId
ORDER BY webhookId
SETTINGS optimize_aggregation_in_order = 1
