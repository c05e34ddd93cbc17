-- Every step of one delivery, first to last.
SELECT * EXCEPT (organizationId, environment) FROM attempts
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND deliveryId = {deliveryId:String}
ORDER BY number, startedAt, attemptId IS NULL
LIMIT 1000
