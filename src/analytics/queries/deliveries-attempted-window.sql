-- Since when the newest steps are of the deliveries of a webhook, or of all: as many as `scan`, by when their deliveries came to be. Of a state: of those that have
-- had a step of it, whatever came after. `before…` is the place of the last one that was shown.
SELECT count() AS scanned, min(createdAt) AS reached FROM
(
    SELECT createdAt FROM attempts
    WHERE {{ofDeliveries}}
        AND ({state:Nullable(String)} IS NULL OR state = {state:Nullable(String)})
    ORDER BY createdAt DESC
    LIMIT {scan:UInt32}
)
SETTINGS max_block_size = 8192
