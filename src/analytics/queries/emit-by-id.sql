-- One emit with every webhook considered and, once all deliveries have ended, its final state. `attemptsAreKept`: it is
-- within the retention of attempts.
SELECT emit.*, completion.state AS finalState, completion.completedAt AS completedAt, emit.recordedAt >= now64(3, 'UTC') - INTERVAL 62 DAY AS attemptsAreKept
FROM
(
    SELECT * FROM emits
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND emitId = {emitId:String}
    ORDER BY judgedAt DESC
    LIMIT 1
) AS emit
LEFT JOIN
(
    SELECT emitId, state, completedAt FROM completions
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND emitId = {emitId:String}
    ORDER BY completedAt DESC, state DESC
    LIMIT 1
) AS completion ON completion.emitId = emit.emitId
SETTINGS join_use_nulls = 1
