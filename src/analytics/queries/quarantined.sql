SELECT emitId, code, message, findings, name, recordedAt, topic, partition, offset, leftOut, key, headers, payload
FROM quarantine
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND emitId = {emitId:String}
LIMIT 1
