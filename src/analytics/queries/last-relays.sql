-- When each member of a group last received an event; for an external peer, when one was last queued for its endpoint.
SELECT memberId, max(at) AS lastRelayAt FROM relays
WHERE organizationId = {organizationId:String} AND groupId = {groupId:String}
    AND (status = 'relayed' OR (status = 'queued' AND deliveryId IS NOT NULL))
GROUP BY memberId
