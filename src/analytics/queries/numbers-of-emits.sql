-- The numbers of some accepted emits that are recorded since a time.
SELECT DISTINCT emitId, assumeNotNull(sequence) AS sequence FROM emits
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND emitId IN {emitIds:Array(String)}
    AND verdict = 'accepted' AND recordedAt >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
