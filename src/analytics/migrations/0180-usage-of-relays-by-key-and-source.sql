-- Who emitted what is relayed, and its source; null in the peer's step, and in rows of earlier releases.
ALTER TABLE relays ADD COLUMN IF NOT EXISTS actorId Nullable(String);
ALTER TABLE relays ADD COLUMN IF NOT EXISTS source Nullable(String);

-- Meter `federation_relays` by key and source of the source's event. Counts begin with this view.
CREATE MATERIALIZED VIEW IF NOT EXISTS usage_groups_of_relays_by_key TO usage_by_group AS
SELECT
    organizationId,
    'live' AS environment,
    'federation_relays' AS meter,
    counted.1 AS dimension,
    toStartOfHour(toDateTime(at, 'UTC')) AS hour,
    assumeNotNull(counted.2) AS member,
    count() AS count
FROM relays
ARRAY JOIN [('key', actorId), ('source', source)] AS counted
WHERE step = 0 AND status = 'queued' AND counted.2 IS NOT NULL
GROUP BY organizationId, environment, meter, dimension, hour, member;
