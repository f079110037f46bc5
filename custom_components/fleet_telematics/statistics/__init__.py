"""Long-term statistics of the past, from what vendors tell of it."""
