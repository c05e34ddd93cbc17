-- Runs of one organization and environment, newest first. Of a run's rows the last one counts.
SELECT
    runId, workflowId, workflowVersion, mode, status, skipReason, triggerKind, eventId, canonicalName, tick, parentRunId, retryOf,
    startedAt, finishedAt, durationMs, scopes, output, errorAction, errorPath, errorCode, errorMessage, reason, chainDepth, steps,
    warnings, replayId
FROM runs FINAL
WHERE organizationId = {organizationId:String} AND environment = {environment:String}
    AND startedAt >= now64(3, 'UTC') - INTERVAL 30 DAY
    AND (mode != 'debug' OR startedAt >= now64(3, 'UTC') - INTERVAL 7 DAY)
    AND ({fromTime:Nullable(String)} IS NULL OR startedAt >= parseDateTime64BestEffort({fromTime:Nullable(String)}, 3, 'UTC'))
    AND ({toTime:Nullable(String)} IS NULL OR startedAt < parseDateTime64BestEffort({toTime:Nullable(String)}, 3, 'UTC'))
    AND ({runId:Nullable(String)} IS NULL OR runId = {runId:Nullable(String)})
    AND ({workflowId:Nullable(String)} IS NULL OR workflowId = {workflowId:Nullable(String)})
    AND ({status:Nullable(String)} IS NULL OR status = {status:Nullable(String)})
    AND ({mode:Nullable(String)} IS NULL OR mode = {mode:Nullable(String)})
    AND ({code:Nullable(String)} IS NULL OR errorCode = {code:Nullable(String)})
    AND ({replayId:Nullable(String)} IS NULL OR replayId = {replayId:Nullable(String)})
    AND ({eventId:Nullable(String)} IS NULL OR eventId = {eventId:Nullable(String)})
    AND ({eventName:Nullable(String)} IS NULL OR canonicalName = {eventName:Nullable(String)}
        OR position(canonicalName, concat(':', {eventName:Nullable(String)}, '@')) > 0)
    AND ({beforeTime:Nullable(String)} IS NULL
        OR (startedAt, runId) < (parseDateTime64BestEffort({beforeTime:Nullable(String)}, 3, 'UTC'), {beforeId:Nullable(String)}))
ORDER BY startedAt DESC, runId DESC
LIMIT {limit:UInt32}
