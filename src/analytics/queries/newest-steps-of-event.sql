-- The newest step of every delivery of one event.
SELECT {{stepColumns}}
FROM attempts
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND eventId = {eventId:String}
ORDER BY deliveryId, {{newestStepFirst}}
LIMIT 1 BY deliveryId
