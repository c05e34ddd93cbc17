-- Failed attempts of a webhook by what they have in common, most frequent first. `others`: those of no group that is shown.
SELECT *, toUInt64(total - sum(count) OVER ()) AS others
FROM
(
    SELECT
        errorKind,
        responseStatus,
        count() AS count,
        min(startedAt) AS firstAt,
        max(startedAt) AS lastAt,
        argMax(deliveryId, startedAt) AS sampleDeliveryId,
        sum(count()) OVER () AS total
    FROM attempts
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND webhookId = {webhookId:String}
        AND attemptId IS NOT NULL AND trigger != 'test' AND state != 'success'
        AND startedAt >= parseDateTime64BestEffort({from:String}, 3, 'UTC') AND startedAt < parseDateTime64BestEffort({to:String}, 3, 'UTC')
    GROUP BY errorKind, responseStatus
    ORDER BY count DESC, lastAt DESC
    LIMIT 50
)
ORDER BY count DESC, lastAt DESC
