-- Where the request came from that made a change (C.3.4).
ALTER TABLE changes ADD COLUMN IF NOT EXISTS ip Nullable(String);
