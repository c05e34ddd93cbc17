-- Which replay or catch-up made a delivery (C.8).
ALTER TABLE attempts ADD COLUMN IF NOT EXISTS replayId Nullable(String);
ALTER TABLE attempts ADD INDEX IF NOT EXISTS byReplay replayId TYPE bloom_filter(0.001) GRANULARITY 1;
