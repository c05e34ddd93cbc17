-- For each webhook: its number of dead letters, the first and last event number of those still readable from the log,
-- and the number of those that are not. A delivery ends once, and continues afterwards only by hand: so each failed
-- step is a dead letter, except for deliveries with a step by hand, whose newest step decides. Only these are examined
-- one by one, grouped by a hash of their ids. One step is encoded as one number, whose maximum is the newest step: 17
-- bits of the attempt, 42 of the time (until 2109), whether it has no attempt, whether it is an end, two bits of the
-- state in the order of its name, and whether it is a dead letter.
SELECT toString(webhook) AS webhookId, sum(kept) AS dead, sum(past) AS gone, ifNull(min(first), 0) AS fromSequence, ifNull(max(last), 0) AS throughSequence
FROM
(
    SELECT toLowCardinality(webhookId) AS webhook, countIf(eventId >= {oldestEvent:String}) AS kept, countIf(eventId < {oldestEvent:String}) AS past,
        minOrNullIf(sequence, eventId >= {oldestEvent:String}) AS first, maxOrNullIf(sequence, eventId >= {oldestEvent:String}) AS last
    FROM attempts
    WHERE {{ofDeliveries}} AND state = 'failed' AND trigger NOT IN ('manual', 'test')
        AND cityHash64(deliveryId) NOT IN (SELECT cityHash64(deliveryId) FROM attempts WHERE {{ofDeliveries}} AND trigger = 'manual')
    GROUP BY webhook
    UNION ALL
    SELECT webhook, countIf(NOT isPast) AS kept, countIf(isPast) AS past, minOrNullIf(event, NOT isPast) AS first, maxOrNullIf(event, NOT isPast) AS last
    FROM
    (
        SELECT
            toLowCardinality(webhookId) AS webhook,
            any(eventId < {oldestEvent:String}) AS isPast,
            any(sequence) AS event,
            max(bitShiftLeft(toUInt64(number), 47) + bitShiftLeft(toUInt64(toUnixTimestamp64Milli(startedAt)), 5)
                + 16 * (attemptId IS NULL) + 8 * (state != 'retrying')
                + 2 * multiIf(state = 'success', 3, state = 'skipped', 2, state = 'failed', 1, 0) + (state = 'failed')) AS newest
        FROM attempts
        WHERE {{ofDeliveries}} AND trigger = 'manual'
        GROUP BY webhook, cityHash64(deliveryId)
    )
    WHERE bitAnd(newest, 1) = 1
    GROUP BY webhook
)
GROUP BY webhook
HAVING dead + gone > 0
ORDER BY webhookId
