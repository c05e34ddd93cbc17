-- One month counted twice, from the rows and from the meters: the two must be equal.
SELECT
    (
        SELECT count() FROM emits
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND toYYYYMM(recordedAt) = {month:UInt32}
            AND verdict = 'accepted'
    ) AS acceptedRows,
    (
        SELECT uniqExact(emitId) FROM emits
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND toYYYYMM(recordedAt) = {month:UInt32}
            AND verdict = 'accepted'
    ) AS acceptedEmits,
    (
        SELECT toUInt64(ifNull(max(sequence), 0)) FROM emits
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND toYYYYMM(recordedAt) = {month:UInt32}
            AND verdict = 'accepted'
    ) AS highestSequence,
    (
        SELECT count() FROM attempts
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND toYYYYMM(startedAt) = {month:UInt32}
            AND attemptId IS NOT NULL
    ) AS attemptRows,
    (
        SELECT toUInt64(sum(count)) FROM usage_by_hour
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND toYYYYMM(hour) = {month:UInt32} AND meter = 'emits'
    ) AS usageEmits,
    (
        SELECT toUInt64(sum(count)) FROM usage_by_hour
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND toYYYYMM(hour) = {month:UInt32} AND meter = 'webhook_attempts'
    ) AS usageAttempts
