-- Deliveries that failed for good and have not been taken up again, newest first, down to a place. `before…` is the place of the last one that was shown.
SELECT * FROM
(
    SELECT {{stepColumns}}
    FROM attempts
    WHERE organizationId = {organizationId:String} AND environment = {environment:String}
        AND ({webhookId:Nullable(String)} IS NULL OR webhookId = {webhookId:Nullable(String)})
        AND ({from:Nullable(String)} IS NULL OR createdAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
        AND ({to:Nullable(String)} IS NULL OR createdAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
        AND ({beforeTime:Nullable(String)} IS NULL
            OR (createdAt, eventId, deliveryId) < (parseDateTime64BestEffort({beforeTime:Nullable(String)}, 3, 'UTC'), {beforeEvent:Nullable(String)}, {beforeDelivery:Nullable(String)}))
        AND ({reachedTime:Nullable(String)} IS NULL
            OR (createdAt, eventId, deliveryId) >= (parseDateTime64BestEffort({reachedTime:Nullable(String)}, 3, 'UTC'), {reachedEvent:Nullable(String)}, {reachedDelivery:Nullable(String)}))
        AND deliveryId IN
        (
            SELECT deliveryId FROM attempts
            WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND state = 'failed' AND trigger != 'test'
                AND ({webhookId:Nullable(String)} IS NULL OR webhookId = {webhookId:Nullable(String)})
                AND ({from:Nullable(String)} IS NULL OR createdAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
                AND ({to:Nullable(String)} IS NULL OR createdAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
                AND ({beforeTime:Nullable(String)} IS NULL OR createdAt <= parseDateTime64BestEffort({beforeTime:Nullable(String)}, 3, 'UTC'))
                AND ({reachedTime:Nullable(String)} IS NULL OR createdAt >= parseDateTime64BestEffort({reachedTime:Nullable(String)}, 3, 'UTC'))
        )
    ORDER BY deliveryId, {{newestStepFirst}}
    LIMIT 1 BY deliveryId
)
WHERE state = 'failed' AND trigger != 'test'
ORDER BY createdAt DESC, eventId DESC, deliveryId DESC
LIMIT {limit:UInt32}
