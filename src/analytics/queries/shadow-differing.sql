-- The newest deliveries whose candidate answered otherwise than the real one.
SELECT deliveryId, startedAt, responseStatus, errorKind, durationMs, realStatus, realErrorKind, realDurationMs, answer = 'same_body' AS isSameBody
FROM shadow_attempts
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND webhookId = {webhookId:String}
    AND startedAt >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    AND answer != 'left_out' AND (ifNull(responseStatus, 0) != ifNull(realStatus, 0) OR answer = 'other_body')
ORDER BY startedAt DESC, deliveryId
LIMIT 50
