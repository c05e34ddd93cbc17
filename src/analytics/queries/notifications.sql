-- Notifications of one organization and environment, newest first. Step 0 chooses the page; the newest step with a status counts.
WITH page AS
(
    SELECT createdAt, id FROM notifications AS first
    WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND step = 0
        AND createdAt >= now64(3, 'UTC') - INTERVAL 90 DAY
        AND ({id:Nullable(String)} IS NULL OR id = {id:Nullable(String)})
        AND ({channelId:Nullable(String)} IS NULL OR channelId = {channelId:Nullable(String)})
        AND ({channel:Nullable(String)} IS NULL OR channel = {channel:Nullable(String)})
        AND ({severity:Nullable(String)} IS NULL OR severity = {severity:Nullable(String)})
        AND ({unread:UInt8} = 0 OR (channelType = 'in_app' AND status = 'sent'))
        AND ({beforeTime:Nullable(String)} IS NULL
            OR (createdAt, id) < (parseDateTime64BestEffort({beforeTime:Nullable(String)}, 3, 'UTC'), {beforeId:Nullable(String)}))
    ORDER BY organizationId DESC, createdAt DESC, id DESC
    LIMIT {pageLimit:UInt64}
)
SELECT
    row.id AS id,
    row.createdAt AS createdAt,
    anyIf(row.environment, row.step = 0) AS environment,
    anyIf(row.channelId, row.step = 0) AS channelId,
    anyIf(row.channel, row.step = 0) AS channel,
    anyIf(row.channelType, row.step = 0) AS channelType,
    anyIf(tuple(row.kind), row.step = 0).1 AS kind,
    anyIf(tuple(row.title), row.step = 0).1 AS title,
    anyIf(row.message, row.step = 0) AS message,
    anyIf(row.severity, row.step = 0) AS severity,
    anyIf(tuple(row.data), row.step = 0).1 AS data,
    anyIf(tuple(row.dedupeKey), row.step = 0).1 AS dedupeKey,
    anyIf(row.sourceKind, row.step = 0) AS sourceKind,
    anyIf(tuple(row.sourceId), row.step = 0).1 AS sourceId,
    argMaxIf(row.status, row.step, row.status IS NOT NULL) AS status,
    argMaxIf(tuple(row.suppressedReason), row.step, row.status IS NOT NULL).1 AS suppressedReason,
    argMaxIf(tuple(row.nextAttemptAt), row.step, row.status IS NOT NULL).1 AS nextAttemptAt,
    maxIf(row.at, row.status IS NOT NULL) AS updatedAt,
    min(row.readAt) AS readAt,
    groupArrayIf(10)(tuple(row.step, toUnixTimestamp64Milli(row.at), row.durationMs, row.responseStatus, row.error), row.durationMs IS NOT NULL) AS tries
FROM notifications AS row
WHERE row.organizationId = {organizationId:String} AND row.environment = {environment:String}
    AND row.createdAt >= (SELECT min(createdAt) FROM page) AND row.createdAt <= (SELECT max(createdAt) FROM page)
    AND (row.createdAt, row.id) IN (SELECT createdAt, id FROM page)
GROUP BY row.createdAt, row.id
HAVING ({status:Nullable(String)} IS NULL OR status = {status:Nullable(String)})
    AND ({unread:UInt8} = 0 OR readAt IS NULL)
ORDER BY createdAt DESC, id DESC
LIMIT {limit:UInt32}
