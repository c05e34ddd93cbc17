-- What one organization has received of some events of another, by any membership: the rows of the source's relay log.
SELECT sourceEventId, relayId, max(step) AS lastStep, argMax(status, (step, at)) AS lastStatus
FROM relays
WHERE organizationId = {organizationId:String} AND memberOrganizationId = {memberOrganizationId:String}
    AND sourceEventId IN {eventIds:Array(String)}
GROUP BY sourceEventId, relayId
