-- Accepted events by their emits, with their payloads where these are kept.
SELECT event.*, kept.payload AS payload
FROM
(
    SELECT
        emitId, assumeNotNull(eventId) AS eventId, organizationId, environment, assumeNotNull(sequence) AS sequence, name AS type,
        assumeNotNull(canonicalName) AS canonicalName, kind, source, subject, actorId, time, recordedAt, assumeNotNull(schemaVersion) AS schemaVersion,
        assumeNotNull(schemaHash) AS schemaHash, correlationId, causationId, traceparent, assumeNotNull(rootEventId) AS rootEventId, depth, path, federation
    FROM emits
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND emitId IN {emitIds:Array(String)}
        AND verdict = 'accepted'
) AS event
LEFT JOIN
(
    SELECT emitId, payload FROM payloads
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND emitId IN {emitIds:Array(String)}
    LIMIT 1 BY emitId
) AS kept ON kept.emitId = event.emitId
LIMIT 1 BY emitId
SETTINGS join_use_nulls = 1
