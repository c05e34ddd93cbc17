-- The newest step of each delivery of one webhook or all, newest delivery first, down to a time. All steps of a
-- delivery carry its creation time, and none started more than a day before that, by any clock.
SELECT * FROM
(
    SELECT {{stepColumns}}
    FROM attempts
    WHERE {{ofDeliveries}}
        AND ({reached:Nullable(String)} IS NULL OR createdAt >= parseDateTime64BestEffort({reached:Nullable(String)}, 3, 'UTC')
            AND startedAt >= parseDateTime64BestEffort({reached:Nullable(String)}, 3, 'UTC') - INTERVAL 1 DAY)
        AND (NOT {isFiltered:Bool} OR deliveryId IN
        (
            SELECT deliveryId FROM attempts
            WHERE {{ofDeliveries}}
                AND {{stepMatches}}
                AND ({reached:Nullable(String)} IS NULL OR createdAt >= parseDateTime64BestEffort({reached:Nullable(String)}, 3, 'UTC')
                    AND startedAt >= parseDateTime64BestEffort({reached:Nullable(String)}, 3, 'UTC') - INTERVAL 1 DAY)
        ))
    ORDER BY createdAt DESC, eventId DESC, deliveryId DESC, {{newestStepFirst}}
    LIMIT 1 BY deliveryId
)
WHERE {{stepMatches}}
ORDER BY createdAt DESC, eventId DESC, deliveryId DESC
LIMIT {limit:UInt32}
