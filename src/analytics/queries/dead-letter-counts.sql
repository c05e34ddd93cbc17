-- Of each webhook, how many dead letters it has, the numbers of the first and the last event of those that can still be read from the log, and how many cannot.
-- Deliveries are told apart by a hash of their ids, which is enough to count by.
SELECT toString(webhook) AS webhookId, countIf(NOT expired) AS dead, countIf(expired) AS gone,
    minIf(number, NOT expired) AS fromSequence, maxIf(number, NOT expired) AS throughSequence
FROM
(
    SELECT
        toLowCardinality(webhookId) AS webhook,
        any(eventId < {oldestEvent:String}) AS expired,
        any(sequence) AS number,
        argMax(state = 'failed' AND trigger != 'test', (attempts.number, startedAt, attemptId IS NULL, state != 'retrying')) AS isDead
    FROM attempts
    WHERE {{ofDeliveries}}
        AND cityHash64(deliveryId) IN (SELECT cityHash64(deliveryId) FROM attempts WHERE {{ofDeliveries}} AND state = 'failed')
    GROUP BY webhook, cityHash64(deliveryId)
)
WHERE isDead
GROUP BY webhook
ORDER BY webhookId
