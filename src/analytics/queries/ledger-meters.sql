-- One month from its rows and from its meters, in one query; attempts beyond their retention are no longer counted by
-- rows.
SELECT
    (
        SELECT count() FROM emits
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND toYYYYMM(recordedAt) = {month:UInt32}
            AND verdict = 'accepted' AND channel != 'platform'
    ) AS emitRows,
    (
        SELECT count() FROM attempts
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND toYYYYMM(startedAt) = {month:UInt32}
            AND attemptId IS NOT NULL
    ) + (
        SELECT count() FROM shadow_attempts
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND toYYYYMM(startedAt) = {month:UInt32}
            AND answer != 'left_out'
    ) AS attemptRows,
    (
        SELECT toUInt64(sumIf(count, meter = 'emits')) FROM usage_by_hour
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND toYYYYMM(hour) = {month:UInt32}
    ) AS meteredEmits,
    (
        SELECT toUInt64(sumIf(count, meter = 'webhook_attempts')) FROM usage_by_hour
        WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND toYYYYMM(hour) = {month:UInt32}
    ) AS meteredAttempts
