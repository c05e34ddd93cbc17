-- What connecting took, part by part, how long the attempt had waited, and the address that it reached.
ALTER TABLE attempts ADD COLUMN IF NOT EXISTS queuedMs Nullable(UInt32);
ALTER TABLE attempts ADD COLUMN IF NOT EXISTS dnsMs Nullable(UInt32);
ALTER TABLE attempts ADD COLUMN IF NOT EXISTS tlsMs Nullable(UInt32);
ALTER TABLE attempts ADD COLUMN IF NOT EXISTS remoteAddress Nullable(String);
