-- To which members some events were relayed, by the source's relay log.
SELECT sourceEventId AS eventId, memberId, argMax(toString(status), (step, at)) AS lastStatus, min(queuedAt) AS since
FROM relays
WHERE organizationId = {organizationId:String} AND sourceEventId IN {eventIds:Array(String)}
GROUP BY eventId, memberId
ORDER BY eventId, memberId
LIMIT 1000
