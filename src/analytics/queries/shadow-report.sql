-- The candidate of a webhook beside the real one, since a time. Latencies are those of attempts that had an answer.
WITH
    intDiv(ifNull(responseStatus, 0), 100) AS candidateClass,
    intDiv(ifNull(realStatus, 0), 100) AS realClass,
    answer != 'left_out' AS isMirrored
SELECT
    countIf(isMirrored) AS mirrored,
    countIf(NOT isMirrored) AS leftOut,
    countIf(isMirrored AND ifNull(responseStatus, 0) = ifNull(realStatus, 0)) AS sameStatus,
    countIf(answer = 'same_body') AS sameBody,
    [countIf(isMirrored AND realClass = 2), countIf(isMirrored AND realClass = 3), countIf(isMirrored AND realClass = 4), countIf(isMirrored AND realClass = 5), countIf(isMirrored AND realClass NOT IN (2, 3, 4, 5))] AS real,
    [countIf(isMirrored AND candidateClass = 2), countIf(isMirrored AND candidateClass = 3), countIf(isMirrored AND candidateClass = 4), countIf(isMirrored AND candidateClass = 5), countIf(isMirrored AND candidateClass NOT IN (2, 3, 4, 5))] AS candidate,
    arrayMap(quantile -> toUInt32(ifNotFinite(quantile, 0)), quantilesExactIf(0.5, 0.95, 0.99)(realDurationMs, isMirrored AND realStatus IS NOT NULL)) AS realMs,
    arrayMap(quantile -> toUInt32(ifNotFinite(quantile, 0)), quantilesExactIf(0.5, 0.95, 0.99)(durationMs, isMirrored AND responseStatus IS NOT NULL)) AS candidateMs
FROM shadow_attempts
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND webhookId = {webhookId:String}
    AND startedAt >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
