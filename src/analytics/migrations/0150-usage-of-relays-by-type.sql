-- Meter `federation_relays` by type of the source's event. Counts begin with this view.
CREATE MATERIALIZED VIEW IF NOT EXISTS usage_groups_of_relays TO usage_by_group AS
SELECT
    organizationId,
    'live' AS environment,
    'federation_relays' AS meter,
    'type' AS dimension,
    toStartOfHour(toDateTime(at, 'UTC')) AS hour,
    if(match(sourceCanonicalName, '@'), extract(sourceCanonicalName, '([^:]+)@[^@]+$'), sourceCanonicalName) AS member,
    count() AS count
FROM relays
WHERE step = 0 AND status = 'queued'
GROUP BY organizationId, environment, meter, dimension, hour, member;
