-- A page of the quarantine, newest first, without the records' bytes.
SELECT emitId, code, message, findings, name, recordedAt, topic, partition, offset, leftOut
FROM quarantine
WHERE organizationId = {organizationId:String} AND environment = {environment:String}
    AND ({code:Nullable(String)} IS NULL OR code = {code:Nullable(String)})
    AND ({from:Nullable(String)} IS NULL OR recordedAt >= parseDateTime64BestEffort({from:Nullable(String)}, 3, 'UTC'))
    AND ({to:Nullable(String)} IS NULL OR recordedAt < parseDateTime64BestEffort({to:Nullable(String)}, 3, 'UTC'))
    AND ({before:Nullable(String)} IS NULL OR emitId < {before:Nullable(String)})
ORDER BY emitId DESC
LIMIT {limit:UInt32}
