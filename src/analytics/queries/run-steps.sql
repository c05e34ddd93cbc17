-- The steps of one run in the order of their ends; of a path the last end.
SELECT path, number, actionKey, actionType, status, attempts, startedAt, durationMs, input, output, errorCode, errorMessage, branch,
    variables
FROM run_steps FINAL
WHERE organizationId = {organizationId:String} AND environment = {environment:String}
    AND runStartedAt = parseDateTime64BestEffort({startedAt:String}, 3, 'UTC') AND runId = {runId:String}
ORDER BY number
LIMIT 6000
