-- For each webhook and type: its number of dead letters, the first and last event number of those whose events are kept,
-- when the first and the last was made, and the number of those whose events are gone. A delivery ends once, and
-- continues afterwards only by hand: so each failed step is a dead letter, except for deliveries with a step by hand,
-- whose newest step decides. Only these are examined one by one, grouped by a hash of their ids. One step is encoded as
-- one number, whose maximum is the newest step: 17 bits of the attempt, 42 of the time (until 2109), whether it has no
-- attempt, whether it is an end, two bits of the state in the order of its name, and whether it is a dead letter that is
-- searched for.
SELECT toString(webhook) AS webhookId, toString(name) AS eventType, sum(kept) AS dead, sum(past) AS gone,
    ifNull(min(first), 0) AS fromSequence, ifNull(max(last), 0) AS throughSequence, min(oldest) AS oldestAt, max(newest) AS newestAt
FROM
(
    SELECT toLowCardinality(webhookId) AS webhook, toLowCardinality(eventType) AS name,
        countIf(eventId >= {oldestEvent:String}) AS kept, countIf(eventId < {oldestEvent:String}) AS past,
        minOrNullIf(sequence, eventId >= {oldestEvent:String}) AS first, maxOrNullIf(sequence, eventId >= {oldestEvent:String}) AS last,
        minOrNullIf(createdAt, eventId >= {oldestEvent:String}) AS oldest, maxOrNullIf(createdAt, eventId >= {oldestEvent:String}) AS newest
    FROM attempts
    WHERE {{ofDeliveries}} AND state = 'failed' AND {{errorMatches}} AND trigger NOT IN ('manual', 'test')
        AND cityHash64(deliveryId) NOT IN (SELECT cityHash64(deliveryId) FROM attempts WHERE {{ofDeliveries}} AND trigger = 'manual')
    GROUP BY webhook, name
    UNION ALL
    SELECT webhook, name, countIf(NOT isPast) AS kept, countIf(isPast) AS past, minOrNullIf(event, NOT isPast) AS first, maxOrNullIf(event, NOT isPast) AS last,
        minOrNullIf(made, NOT isPast) AS oldest, maxOrNullIf(made, NOT isPast) AS newest
    FROM
    (
        SELECT
            toLowCardinality(webhookId) AS webhook,
            toLowCardinality(any(eventType)) AS name,
            any(eventId < {oldestEvent:String}) AS isPast,
            any(sequence) AS event,
            any(createdAt) AS made,
            max(bitShiftLeft(toUInt64(number), 47) + bitShiftLeft(toUInt64(toUnixTimestamp64Milli(startedAt)), 5)
                + 16 * (attemptId IS NULL) + 8 * (state != 'retrying')
                + 2 * multiIf(state = 'success', 3, state = 'skipped', 2, state = 'failed', 1, 0)
                + ifNull(state = 'failed' AND {{errorMatches}}, 0)) AS step
        FROM attempts
        WHERE {{ofDeliveries}} AND trigger = 'manual'
        GROUP BY webhook, cityHash64(deliveryId)
    )
    WHERE bitAnd(step, 1) = 1
    GROUP BY webhook, name
)
GROUP BY webhook, name
HAVING dead + gone > 0
ORDER BY webhookId, eventType
