-- One event at every place it reached, for the operator: a row for the source, and one for each relay, each with its
-- deliveries and their attempts. A relay to an external peer has no step of its own after `queued`: its delivery among
-- the source's has the result.
WITH
    relayed AS
    (
        SELECT
            relayId,
            any(row.memberId) AS memberOf,
            any(row.memberOrganizationId) AS peerId,
            any(row.deliveryId) AS peerDelivery,
            argMax(row.status, (step, at)) AS lastStatus,
            argMax(tuple(row.skipReason), (step, at)).1 AS lastSkip,
            argMax(tuple(row.lastError), (step, at)).1 AS problem,
            argMax(tuple(row.targetEventId), (step, at)).1 AS arrivedAs
        FROM relays AS row
        WHERE row.organizationId = {organizationId:String} AND row.sourceEventId = {eventId:String}
        GROUP BY relayId
    ),
    places AS
    (
        SELECT {organizationId:String} AS place, {eventId:String} AS event
        UNION ALL
        SELECT assumeNotNull(peerId) AS place, assumeNotNull(arrivedAs) AS event FROM relayed
        WHERE peerId IS NOT NULL AND arrivedAs IS NOT NULL
    ),
    delivered AS
    (
        SELECT
            attempts.organizationId AS place,
            attempts.eventId AS event,
            attempts.deliveryId AS delivery,
            any(attempts.webhookId) AS webhook,
            argMax(attempts.state, {{stepPlace}}) AS lastState,
            argMax(tuple(attempts.reason), {{stepPlace}}).1 AS lastReason,
            argMax(tuple(attempts.error), {{stepPlace}}).1 AS lastError,
            arraySort(tries -> (tries.1, tries.2), groupArray(
                CAST((attempts.number, attempts.startedAt, attempts.state, attempts.responseStatus, attempts.error),
                    'Tuple(number UInt32, startedAt DateTime64(3, \'UTC\'), state String, responseStatus Nullable(UInt16), error Nullable(String))'))) AS tries
        FROM attempts
        WHERE (attempts.organizationId, attempts.eventId) IN (SELECT place, event FROM places)
        GROUP BY place, event, delivery
    ),
    collected AS
    (
        SELECT
            place,
            event,
            groupArray(toJSONString(CAST((delivery, webhook, lastState, tries),
                'Tuple(id String, webhookId String, status String, attempts Array(Tuple(number UInt32, startedAt DateTime64(3, \'UTC\'), state String, responseStatus Nullable(UInt16), error Nullable(String))))'))) AS list
        FROM delivered
        GROUP BY place, event
    ),
    stations AS
    (
        SELECT
            CAST({organizationId:String} AS Nullable(String)) AS place, CAST({eventId:String} AS Nullable(String)) AS event,
            CAST(NULL AS Nullable(String)) AS relay, CAST(NULL AS Nullable(String)) AS member,
            CAST(NULL AS Nullable(String)) AS state, CAST(NULL AS Nullable(String)) AS skip, CAST(NULL AS Nullable(String)) AS error
        UNION ALL
        SELECT
            peerId,
            arrivedAs,
            toNullable(relayId),
            toNullable(memberOf),
            toNullable(multiIf(
                peerDelivery IS NULL OR lastStatus != 'queued', CAST(lastStatus AS String),
                ended.lastState = 'success', 'relayed',
                ended.lastState = 'failed', 'failed',
                ended.lastState IN ('cancelled', 'skipped'), 'skipped',
                'queued')),
            if(lastSkip IS NULL AND ended.lastState IN ('cancelled', 'skipped'), CAST(ended.lastReason AS Nullable(String)), CAST(lastSkip AS Nullable(String))),
            if(peerDelivery IS NULL, problem, coalesce(ended.lastError, if(ended.lastState = 'failed', toString(ended.lastReason), NULL)))
        FROM relayed
        LEFT JOIN delivered AS ended ON ended.delivery = relayed.peerDelivery
    )
SELECT
    stations.place AS organizationId,
    stations.event AS eventId,
    relay AS relayId,
    member AS memberId,
    state AS status,
    skip AS skipReason,
    error AS lastError,
    collected.list AS deliveries
FROM stations
LEFT JOIN collected ON collected.place = stations.place AND collected.event = stations.event
ORDER BY relay IS NOT NULL, relay
SETTINGS join_use_nulls = 1
