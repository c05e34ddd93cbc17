-- Those of some emits that the history has.
SELECT DISTINCT emitId FROM emits
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND emitId IN {emitIds:Array(String)}
