-- Dead letters of one webhook as they were at a time, from an event number on and in the order of the events, all of the
-- last number. Found as `dead-letter-counts` counts them. Those that a retry by hand has taken up come along: a redrive
-- may have taken them up itself, before a crash.
SELECT deliveryId, eventId, emitId, sequence, number, state, replayId, createdAt
FROM
(
    SELECT deliveryId, eventId, emitId, sequence, number, state, replayId, createdAt
    FROM attempts
    WHERE {{ofDeliveries}} AND sequence >= {fromSequence:UInt64} AND eventId >= {oldestEvent:String}
        AND state = 'failed' AND {{errorMatches}} AND trigger NOT IN ('manual', 'test')
        AND addMilliseconds(startedAt, durationMs) <= parseDateTime64BestEffort({asOf:String}, 3, 'UTC')
        AND cityHash64(deliveryId) NOT IN
            (SELECT cityHash64(deliveryId) FROM attempts WHERE {{ofDeliveries}} AND sequence >= {fromSequence:UInt64} AND trigger = 'manual')
    UNION ALL
    SELECT deliveryId, eventId, emitId, sequence, number, state, replayId, createdAt
    FROM
    (
        SELECT {{stepColumns}}
        FROM attempts
        WHERE {{ofDeliveries}} AND sequence >= {fromSequence:UInt64} AND eventId >= {oldestEvent:String} AND trigger = 'manual'
        ORDER BY {{newestStepFirst}}
        LIMIT 1 BY deliveryId
    )
    WHERE (state = 'failed' AND {{errorMatches}} AND addMilliseconds(startedAt, durationMs) <= parseDateTime64BestEffort({asOf:String}, 3, 'UTC'))
        OR (state = 'retrying' AND reason = 'asked_for')
)
ORDER BY sequence
LIMIT {limit:UInt32} WITH TIES
