-- The newest step of each of some deliveries.
SELECT {{stepColumns}}
FROM attempts
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND deliveryId IN {deliveryIds:Array(String)}
ORDER BY deliveryId, {{newestStepFirst}}
LIMIT 1 BY deliveryId
