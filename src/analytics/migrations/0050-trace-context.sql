-- To which trace an emit belongs, and the span of it that its event goes on from.
ALTER TABLE emits ADD COLUMN IF NOT EXISTS traceparent Nullable(String);
ALTER TABLE emits ADD COLUMN IF NOT EXISTS traceId Nullable(String);
