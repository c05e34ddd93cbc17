-- How far back the newest of the events reach that admission considered for a webhook: as many as `scan`. Redriven ones are out of their ids' order, and few.
SELECT count() AS scanned, min(emitId) AS reachedEmit, min(recordedAt) AS reachedTime FROM
(
    SELECT emitId, recordedAt FROM emits
    WHERE {{matchedByWebhook}}
        AND NOT ({{isRedriven}})
    ORDER BY emitId DESC
    LIMIT {scan:UInt32}
)
SETTINGS max_block_size = 8192
