-- The deliveries that one replay made, by their newest step, in the order of their events.
SELECT * FROM
(
    SELECT {{stepColumns}}
    FROM attempts
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND webhookId = {webhookId:String}
        AND replayId = {replayId:String}
        AND ({afterSequence:Nullable(UInt64)} IS NULL OR sequence > {afterSequence:Nullable(UInt64)})
    ORDER BY {{newestStepFirst}}
    LIMIT 1 BY deliveryId
)
ORDER BY sequence
LIMIT {limit:UInt32}
