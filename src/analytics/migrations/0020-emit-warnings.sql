-- What a caller was told besides the verdict, such as that its chain token was ignored.
ALTER TABLE emits ADD COLUMN IF NOT EXISTS warnings Array(LowCardinality(String));
