SELECT payload FROM payloads
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND emitId = {emitId:String}
LIMIT 1
