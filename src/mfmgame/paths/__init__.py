"""Games on attack graphs whose paths are too many to list."""
