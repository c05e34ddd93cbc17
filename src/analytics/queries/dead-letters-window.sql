-- How far back the newest deliveries reach of which a step has failed for good: as many as `scan`. What became of them since is not looked at here.
SELECT count() AS scanned, min((createdAt, eventId, deliveryId)) AS reached FROM
(
    SELECT createdAt, eventId, deliveryId FROM attempts
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND state = 'failed' AND trigger != 'test'
        AND ({webhookId:Nullable(String)} IS NULL OR webhookId = {webhookId:Nullable(String)})
        AND ({from:Nullable(String)} IS NULL OR createdAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
        AND ({to:Nullable(String)} IS NULL OR createdAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
        AND ({beforeTime:Nullable(String)} IS NULL
            OR (createdAt, eventId, deliveryId) < (parseDateTime64BestEffort({beforeTime:Nullable(String)}, 3, 'UTC'), {beforeEvent:Nullable(String)}, {beforeDelivery:Nullable(String)}))
    GROUP BY createdAt, eventId, deliveryId
    ORDER BY createdAt DESC, eventId DESC, deliveryId DESC
    LIMIT {scan:UInt32}
)
