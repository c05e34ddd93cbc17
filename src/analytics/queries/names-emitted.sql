-- The names under which organizations themselves have emitted of late, in the live environment, most frequent first: at most
-- 30 of each organization. Events of peers are excluded.
SELECT organizationId, name, count() AS emits FROM emits
WHERE environment = 'live' AND verdict = 'accepted' AND NOT startsWith(source, 'federation:')
    AND recordedAt >= parseDateTime64BestEffort({from:String}, 3, 'UTC')
GROUP BY organizationId, name
ORDER BY emits DESC, organizationId, name
LIMIT 30 BY organizationId
LIMIT 20000
