-- The steps of one delivery, first to last; of more than a thousand the newest.
SELECT * FROM
(
    SELECT * EXCEPT (organizationId, environment) FROM attempts
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND deliveryId = {deliveryId:String}
    ORDER BY {{newestStepFirst}}
    LIMIT 1000
)
ORDER BY number, startedAt, attemptId IS NULL, state != 'retrying', toString(state), ifNull(toString(reason), '')
