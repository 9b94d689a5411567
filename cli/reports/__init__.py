"""Commands that read: health, its causes, capacity, the record of changes."""
