-- Emits without deliveries are delivered at once: a list of what is delivered finds them behind any number of others.
ALTER TABLE emits ADD INDEX IF NOT EXISTS bySubscribers subscriberCount TYPE minmax GRANULARITY 1;
