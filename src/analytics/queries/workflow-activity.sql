SELECT
    workflowId,
    max(lastAt) AS lastRunAt,
    argMaxMerge(workflow_activity.lastStatus) AS lastStatus,
    toUInt64(sum(workflow_activity.runs)) AS runs,
    toUInt64(sum(workflow_activity.failed)) AS failed
FROM workflow_activity
WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND workflowId IN {workflowIds:Array(String)}
GROUP BY workflowId
