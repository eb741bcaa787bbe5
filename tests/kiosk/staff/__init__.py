"""The maintenance side, without its screens."""
