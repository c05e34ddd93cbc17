-- The lower bound of a window over the newest events with deliveries, `scan` events long. Redriven ones are out of order
-- by id, and few.
SELECT count() AS scanned, min(emitId) AS reachedEmit, min(recordedAt) AS reachedTime FROM
(
    SELECT emitId, recordedAt FROM emits
    WHERE {{consideredEvents}}
        AND NOT ({{isRedriven}})
    ORDER BY emitId DESC
    LIMIT {scan:UInt32}
)
SETTINGS max_block_size = 8192
