-- A page of the relay log of one group, newest first. The state of a relay is that of its last step; for an external
-- peer, that of its delivery. Without a status filter the page is cut before deliveries are looked up.
WITH
    page AS
    (
        SELECT
            groupId,
            queuedAt,
            relayId,
            any(row.pushId) AS pushId,
            any(row.memberId) AS memberId,
            any(row.sourceEventId) AS sourceEventId,
            any(row.sourceEmitId) AS sourceEmitId,
            max(row.sourceCanonicalName) AS sourceCanonicalName,
            any(deliveryId) AS peerDelivery,
            argMax(tuple(row.targetEventId), (step, at)).1 AS targetEventId,
            argMax(tuple(row.targetCanonicalName), (step, at)).1 AS targetCanonicalName,
            argMax(status, (step, at)) AS lastStatus,
            argMax(tuple(skipReason), (step, at)).1 AS lastSkip,
            argMax(tuple(lastError), (step, at)).1 AS problem,
            countIf(step = 1) AS arrivals,
            max(at) AS lastAt
        FROM relays AS row
        WHERE organizationId = {organizationId:String}
            AND ({groupId:Nullable(String)} IS NULL OR row.groupId = {groupId:Nullable(String)})
            AND ({memberId:Nullable(String)} IS NULL OR row.memberId = {memberId:Nullable(String)})
            AND ({pushId:Nullable(String)} IS NULL OR row.pushId = {pushId:Nullable(String)})
            AND ({sourceEventId:Nullable(String)} IS NULL OR row.sourceEventId = {sourceEventId:Nullable(String)})
            AND ({relayId:Nullable(String)} IS NULL OR row.relayId = {relayId:Nullable(String)})
            AND ({beforeTime:Nullable(String)} IS NULL
                OR (queuedAt, relayId) < (parseDateTime64BestEffort({beforeTime:Nullable(String)}, 3, 'UTC'), {beforeId:Nullable(String)}))
        GROUP BY groupId, queuedAt, relayId
        ORDER BY queuedAt DESC, relayId DESC
        LIMIT {pageLimit:UInt64}
    ),
    outcome AS
    (
        SELECT
            deliveryId,
            argMax(state, {{stepPlace}}) AS state,
            argMax(tuple(reason), {{stepPlace}}).1 AS reason,
            argMax(tuple(responseStatus), {{stepPlace}}).1 AS responseStatus,
            argMax(tuple(error), {{stepPlace}}).1 AS error,
            max(number) AS tries,
            max(startedAt) AS endedAt
        FROM attempts
        WHERE organizationId = {organizationId:String} AND environment = 'live'
            AND webhookId IN (SELECT memberId FROM page WHERE peerDelivery IS NOT NULL)
            AND deliveryId IN (SELECT assumeNotNull(peerDelivery) FROM page WHERE peerDelivery IS NOT NULL)
        GROUP BY deliveryId
    )
SELECT
    relayId AS id,
    groupId,
    pushId,
    memberId,
    sourceEventId,
    sourceEmitId,
    sourceCanonicalName,
    targetEventId,
    targetCanonicalName,
    peerDelivery AS deliveryId,
    multiIf(
        peerDelivery IS NULL OR lastStatus != 'queued', lastStatus,
        outcome.state = 'success', 'relayed',
        outcome.state = 'failed', 'failed',
        outcome.state IN ('cancelled', 'skipped'), 'skipped',
        'queued') AS status,
    if(status = 'skipped' AND lastSkip IS NULL, outcome.reason, lastSkip) AS skipReason,
    toUInt32(if(peerDelivery IS NULL, arrivals, ifNull(outcome.tries, 0))) AS attempts,
    outcome.responseStatus AS responseStatus,
    if(peerDelivery IS NULL, problem, coalesce(outcome.error, if(outcome.state = 'failed', toString(outcome.reason), NULL))) AS lastError,
    queuedAt,
    if(status = 'queued', NULL, if(peerDelivery IS NULL OR lastStatus != 'queued', lastAt, outcome.endedAt)) AS completedAt
FROM page
LEFT JOIN outcome ON outcome.deliveryId = page.peerDelivery
WHERE ({status:Nullable(String)} IS NULL OR status = {status:Nullable(String)})
ORDER BY queuedAt DESC, relayId DESC
LIMIT {limit:UInt32}
SETTINGS join_use_nulls = 1
