-- The deliveries that one replay made, by their newest step, in the order of their events.
SELECT * FROM
(
    SELECT {{stepColumns}}
    FROM attempts
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND webhookId IN {webhookIds:Array(String)}
        AND replayId = {replayId:String}
        AND ({afterSequence:Nullable(UInt64)} IS NULL
            OR (sequence, webhookId) > ({afterSequence:Nullable(UInt64)}, {afterTarget:Nullable(String)}))
    ORDER BY {{newestStepFirst}}
    LIMIT 1 BY deliveryId
)
ORDER BY sequence, webhookId
LIMIT {limit:UInt32}
