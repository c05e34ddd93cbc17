-- The delivery that a redrive took up; its attempts tell what became of it.
ALTER TABLE replay_items ADD COLUMN IF NOT EXISTS deliveryId Nullable(String);
