-- The accepted events of one chain, in the order of their depth: its root and what it caused. No event of a chain is
-- older than its root, and chains end within days.
SELECT emit.emitId AS emitId, emit.eventId AS eventId, emit.causationId AS causationId, emit.name AS name, emit.depth AS depth, emit.recordedAt AS recordedAt,
    emit.subscriberCount AS subscriberCount, emit.federation AS federation, completion.state AS finalState
FROM
(
    SELECT emitId, assumeNotNull(eventId) AS eventId, causationId, name, depth, recordedAt, subscriberCount, federation FROM emits
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND verdict = 'accepted'
        AND rootEventId = {rootEventId:String}
        AND recordedAt >= parseDateTime64BestEffort({from:String}, 3, 'UTC')
        AND recordedAt < parseDateTime64BestEffort({from:String}, 3, 'UTC') + INTERVAL 30 DAY
    ORDER BY depth, emitId
    LIMIT 1 BY emitId
    LIMIT {limit:UInt32}
) AS emit
LEFT JOIN
(
    SELECT emitId, argMax(toString(state), completedAt) AS state FROM completions
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND emitId >= {first:String}
        AND completedAt >= parseDateTime64BestEffort({from:String}, 3, 'UTC') AND completedAt < parseDateTime64BestEffort({from:String}, 3, 'UTC') + INTERVAL 40 DAY
    GROUP BY emitId
) AS completion ON completion.emitId = emit.emitId
ORDER BY depth, emitId
SETTINGS join_use_nulls = 1
