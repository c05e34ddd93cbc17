-- The lower bound of a window over the newest emits, `scan` emits long, whatever they are.
SELECT count() AS scanned, min(emitId) AS reached FROM
(
    SELECT emitId FROM emits
    WHERE {{emitPlaces}}
    ORDER BY emitId DESC
    LIMIT {scan:UInt32}
)
SETTINGS max_block_size = 8192
