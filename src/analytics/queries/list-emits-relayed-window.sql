-- The lower bound of a window over the newest emits with deliveries, `scan` rows long.
SELECT count() AS scanned, min(emitId) AS reached FROM
(
    SELECT emitId FROM emits
    WHERE {{emitPlaces}}
        AND verdict = 'accepted' AND subscriberCount > 0
    ORDER BY emitId DESC
    LIMIT {scan:UInt32}
)
SETTINGS max_block_size = 8192
