-- Lists of emits by what callers remember of them. Parts that exist get the indexes as they merge.
ALTER TABLE emits ADD INDEX IF NOT EXISTS bySubject subject TYPE bloom_filter(0.01) GRANULARITY 1;
ALTER TABLE emits ADD INDEX IF NOT EXISTS byCorrelation correlationId TYPE bloom_filter(0.01) GRANULARITY 1;
ALTER TABLE emits ADD INDEX IF NOT EXISTS byIdempotencyKey idempotencyKey TYPE bloom_filter(0.01) GRANULARITY 1;
ALTER TABLE emits ADD INDEX IF NOT EXISTS byActor actorId TYPE bloom_filter(0.01) GRANULARITY 1;
ALTER TABLE emits ADD INDEX IF NOT EXISTS byCode code TYPE set(32) GRANULARITY 1;
ALTER TABLE emits ADD INDEX IF NOT EXISTS byRoot rootEventId TYPE bloom_filter(0.01) GRANULARITY 1;
