"""Reports: how many registered, unlocked, failed, and how long it took. Counts alone, never a person."""
