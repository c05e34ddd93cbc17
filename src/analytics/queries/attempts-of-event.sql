-- Every step of every delivery of one event, in the order in which they happened.
SELECT * EXCEPT (organizationId, environment) FROM attempts
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND eventId = {eventId:String}
ORDER BY startedAt, deliveryId, number, attemptId IS NULL
LIMIT 10000
