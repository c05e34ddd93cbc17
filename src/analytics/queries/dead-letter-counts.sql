-- Of each webhook, how many dead letters it has, the numbers of the first and the last event of those that can still be read from the log, and how many cannot.
-- Deliveries are told apart by a hash of their ids, which is enough to count by. A step is one number, of which the greatest is the newest step's: 17 bits
-- of the attempt, 42 of the time (until 2109), whether it has no attempt, whether it is an end, two bits of the state in the order of its name, and whether
-- it is a dead letter.
SELECT toString(webhook) AS webhookId, countIf(NOT expired) AS dead, countIf(expired) AS gone,
    minIf(event, NOT expired) AS fromSequence, maxIf(event, NOT expired) AS throughSequence
FROM
(
    SELECT
        toLowCardinality(webhookId) AS webhook,
        any(eventId < {oldestEvent:String}) AS expired,
        any(sequence) AS event,
        max(bitShiftLeft(toUInt64(number), 47) + bitShiftLeft(toUInt64(toUnixTimestamp64Milli(startedAt)), 5)
            + 16 * (attemptId IS NULL) + 8 * (state != 'retrying')
            + 2 * multiIf(state = 'success', 3, state = 'skipped', 2, state = 'failed', 1, 0) + (state = 'failed' AND trigger != 'test')) AS newest
    FROM attempts
    WHERE {{ofDeliveries}}
        AND cityHash64(deliveryId) IN (SELECT cityHash64(deliveryId) FROM attempts WHERE {{ofDeliveries}} AND state = 'failed')
    GROUP BY webhook, cityHash64(deliveryId)
)
WHERE bitAnd(newest, 1) = 1
GROUP BY webhook
ORDER BY webhookId
