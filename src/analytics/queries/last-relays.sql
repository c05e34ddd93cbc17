-- When each member of a group last got an event, or was handed one that is on its way to its endpoint.
SELECT memberId, max(at) AS lastRelayAt FROM relays
WHERE organizationId = {organizationId:String} AND groupId = {groupId:String}
    AND (status = 'relayed' OR (status = 'queued' AND deliveryId IS NOT NULL))
GROUP BY memberId
