-- The lower bound of a window over the newest steps of deliveries of one webhook or all: `scan` steps by creation time
-- of their deliveries. With a filter of steps: deliveries that have had
-- such a step, whatever followed. `before…` is the
-- position of the last item shown.
SELECT count() AS scanned, min(createdAt) AS reached FROM
(
    SELECT createdAt FROM attempts
    WHERE {{ofDeliveries}}
        AND {{stepMatches}}
    ORDER BY createdAt DESC
    LIMIT {scan:UInt32}
)
SETTINGS max_block_size = 8192
