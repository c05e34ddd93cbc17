-- The newest step of each delivery of a webhook, newest delivery first. All steps of a delivery tell the same time at which it came to be.
-- `before…` is the place of the last one that was shown.
SELECT * FROM
(
    SELECT {{stepColumns}}
    FROM attempts
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND webhookId = {webhookId:String}
        AND ({type:Nullable(String)} IS NULL OR eventType = {type:Nullable(String)})
        AND ({typePattern:Nullable(String)} IS NULL OR match(eventType, coalesce({typePattern:Nullable(String)}, '')))
        AND ({canonicalEnd:Nullable(String)} IS NULL OR endsWith(canonicalName, coalesce({canonicalEnd:Nullable(String)}, '')))
        AND ({from:Nullable(String)} IS NULL OR createdAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
        AND ({to:Nullable(String)} IS NULL OR createdAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
        AND ({beforeTime:Nullable(String)} IS NULL
            OR (createdAt, eventId, deliveryId) < (parseDateTime64BestEffort({beforeTime:Nullable(String)}, 3, 'UTC'), {beforeEvent:Nullable(String)}, {beforeDelivery:Nullable(String)}))
    ORDER BY createdAt DESC, eventId DESC, deliveryId DESC, {{newestStepFirst}}
    LIMIT 1 BY deliveryId
)
WHERE {state:Nullable(String)} IS NULL OR state = {state:Nullable(String)}
ORDER BY createdAt DESC, eventId DESC, deliveryId DESC
LIMIT {limit:UInt32}
