-- The rest of what an event says: with it an event can be delivered again from the history, word for word.
ALTER TABLE emits ADD COLUMN IF NOT EXISTS path Array(String);
ALTER TABLE emits ADD COLUMN IF NOT EXISTS federation Nullable(String);
